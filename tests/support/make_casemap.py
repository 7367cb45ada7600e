#!/usr/bin/env python3
"""Writes lib/codec/casemap_table.h from the Unicode data of Python's standard library:
what i;unicode-casemap (RFC 5051 2) makes of characters of the Basic Multilingual Plane.

Left out, so that it stays small: compatibility forms from U+2200 on but for the fullwidth
ones, CJK compatibility ideographs, and those that stand for more than two characters.
Hangul syllables are computed, ASCII is left to the caller."""
import pathlib
import unicodedata

LAST_COMPATIBLE = 0x21FF
IDEOGRAPHS = range(0xF900, 0xFB00)
HANGUL = range(0xAC00, 0xD7A4)
SIZE_MAX = 8192


def titlecase(point):
    """Simple titlecase: str.title() also knows what one character is several of."""
    text = chr(point).title()
    return ord(text) if len(text) == 1 and ord(text) < 0x10000 else point


def points():
    return (p for p in range(0x80, 0x10000) if not 0xD800 <= p < 0xE000)


def find_ranges():
    ranges = []
    for point in points():
        delta = (titlecase(point) - point) & 0xFFFF
        if delta == 0:
            continue
        if ranges:
            first, last, step, same = ranges[-1]
            gap = point - last
            if same == delta and gap == step and first != last:
                ranges[-1] = (first, point, step, delta)
                continue
            if same == delta and first == last and gap in (1, 2):
                ranges[-1] = (first, point, gap, delta)
                continue
        ranges.append((point, point, 1, delta))
    return ranges


def find_pairs():
    reached = {titlecase(p) for p in points()}
    every = {}
    for point in points():
        form = unicodedata.decomposition(chr(point)).split()
        compatible = bool(form) and form[0].startswith("<")
        form = [int(f, 16) for f in form[compatible:]]
        if (form and len(form) <= 2 and max(form) < 0x10000 and point not in HANGUL
                and point not in IDEOGRAPHS
                and (not compatible or point <= LAST_COMPATIBLE)):
            every[point] = (form + [0])[:2]
    # What titlecase leads to, and what that consists of.
    wanted, more = set(), {p for p in every if p in reached and titlecase(p) == p}
    while more:
        wanted |= more
        more = {q for p in more for q in every[p] if q in every} - wanted
    return {p: every[p] for p in sorted(wanted)}


def decomposed(point, pairs):
    out, left = [], [point]
    while left:
        at = left.pop(0)
        left = [p for p in pairs[at] if p] + left if at in pairs else left
        out += [] if at in pairs else [at]
    return out


def main():
    ranges, pairs = find_ranges(), find_pairs()
    for point in points():
        out = decomposed(titlecase(point), pairs)
        octets = len("".join(map(chr, out)).encode())
        assert len(out) <= 4 and octets <= 3 * len(chr(point).encode()), hex(point)
    size = 8 * len(ranges) + 6 * len(pairs)
    assert size <= SIZE_MAX, size
    lines = ["/*",
             " * Written by tests/support/make_casemap.py from the Unicode data of Python's",
             f" * standard library (Unicode {unicodedata.unidata_version}): {size} octets.",
             " */",
             "#ifndef MAILPROTO_CODEC_CASEMAP_TABLE_H",
             "#define MAILPROTO_CODEC_CASEMAP_TABLE_H", "",
             "/* clang-format off */",
             "static const struct casemap_range casemap_ranges[] = {"]
    lines += ["    {0x%04X, 0x%04X, %d, 0x%04X}," % r for r in ranges]
    lines += ["};", "static const struct casemap_pair casemap_pairs[] = {"]
    items = ["{0x%04X, 0x%04X, 0x%04X}," % (p, *f) for p, f in pairs.items()]
    lines += ["    " + " ".join(items[i:i + 3]) for i in range(0, len(items), 3)]
    lines += ["};", "/* clang-format on */", "",
              "#endif /* MAILPROTO_CODEC_CASEMAP_TABLE_H */", ""]
    root = pathlib.Path(__file__).resolve().parents[2]
    (root / "lib/codec/casemap_table.h").write_text("\n".join(lines))
    print(size, "octets")


if __name__ == "__main__":
    main()
