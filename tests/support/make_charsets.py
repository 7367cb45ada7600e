#!/usr/bin/env python3
"""Writes lib/codec/charset_names.c and charset_tables.c from the codecs of Python's
standard library."""
import encodings.aliases
import pathlib

LEVEL_2 = ([f"iso8859_{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)]
           + [f"cp125{n}" for n in range(9)] + ["koi8_r", "koi8_u"])
LEVEL_3 = ([f"cp{n}" for n in (437, 720, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862,
                               863, 865, 866, 869, 874)]
           + [f"mac_{n}" for n in ("roman", "cyrillic", "greek", "turkish", "latin2",
                                   "iceland", "croatian", "romanian")])
FIXED = {"utf_8": "UTF8", "ascii": "ASCII", "latin_1": "LATIN1", "utf_16": "UTF16",
         "utf_16_be": "UTF16BE", "utf_16_le": "UTF16LE", "utf_32": "UTF32",
         "utf_32_be": "UTF32BE", "utf_32_le": "UTF32LE", "utf_7": "UTF7"}
# As in lib/codec/charset.h.
NUMBERS = {name: n for n, name in enumerate(FIXED.values(), 1)}
# Names that mail uses and Python does not know.
MORE = {
    "utf_8": ["unicode-1-1-utf-8", "x-utf-8"],
    "utf_7": ["unicode-1-1-utf-7", "x-utf-7"],
    "ascii": ["ansi_x3.4-1986", "csASCII", "us"],
    "latin_1": ["csISOLatin1", "iso-ir-100"],
    "utf_16": ["iso-10646-ucs-2", "ucs-2"],
    "utf_32": ["iso-10646-ucs-4", "ucs-4"],
    "iso8859_8": ["iso-8859-8-i", "iso-8859-8-e", "csISOLatinHebrew"],
    "iso8859_6": ["iso-8859-6-i", "iso-8859-6-e"],
    "iso8859_11": ["tis-620"],
    "cp874": ["windows-874"],
    "koi8_r": ["cskoi8r", "koi8"],
    "mac_roman": ["macintosh", "mac", "x-mac-roman"],
    "mac_cyrillic": ["x-mac-cyrillic"], "mac_greek": ["x-mac-greek"],
    "mac_turkish": ["x-mac-turkish"], "mac_latin2": ["x-mac-ce", "mac-centraleurope"],
    "mac_iceland": ["x-mac-icelandic"], "mac_croatian": ["x-mac-croatian"],
    "mac_romanian": ["x-mac-romanian"],
    **{f"cp125{n}": [f"x-cp125{n}", f"x-windows-125{n}"] for n in range(9)},
}


def folded(name):
    return "".join(c for c in name.lower() if c.isalnum() and c.isascii())


def names_of(codec):
    found = {folded(codec)} | {folded(n) for n in MORE.get(codec, ())}
    found |= {folded(a) for a, c in encodings.aliases.aliases.items() if c == codec}
    # Names of bare digits would make numbers names.
    return sorted(n for n in found if n and not n.isdigit() and len(n) <= 24)


def cells_of(codec):
    points = []
    for octet in range(128, 256):
        try:
            points.append(ord(bytes([octet]).decode(codec)))
        except UnicodeDecodeError:
            points.append(0xFFFD)
    first = 0
    while points[first] == 128 + first:
        first += 1
    return 128 + first, points[first:]


def wrapped(items, indent="    "):
    line, lines = indent, []
    for item in items:
        if len(line) + len(item) + 2 > 88:
            lines.append(line.rstrip())
            line = indent
        line += item + ", "
    return "\n".join(lines + [line.rstrip()])


def name_lines(codecs, ids):
    items = []
    if codecs is FIXED:  # looked through in order: first what most mail says
        items = [f'"\\{len(name):03o}" "{name}" "\\{number:03o}"'
                 for name, number in (("utf8", 1), ("iso88591", 3), ("usascii", 2))]
    for codec in codecs:
        what = NUMBERS[FIXED[codec]] if codec in FIXED else 16 + ids[codec]
        items += [f'"\\{len(name):03o}" "{name}" "\\{what:03o}"' for name in names_of(codec)]
    line, lines = "    ", []
    for item in items:
        if len(line) + len(item) + 1 > 88:
            lines.append(line.rstrip())
            line = "    "
        line += item + " "
    return "\n".join(lines + [line.rstrip()])


def by_level(write):
    out = []
    for level, codecs in ((2, LEVEL_2), (3, LEVEL_3)):
        out += [f"#if MAILPROTO_CHARSETS >= {level}", *write(codecs), "#endif"]
    return out


def write_file(name, what, lines):
    folder = pathlib.Path(__file__).resolve().parents[2] / "lib/codec"
    text = ["/*", " * Written by tests/support/make_charsets.py from the codecs of Python's",
            f" * standard library: {what}", " */", '#include "codec/charset.h"', "",
            "/* clang-format off */", *lines, "/* clang-format on */", ""]
    (folder / name).write_text("\n".join(text))


def main():
    ids = {codec: n for n, codec in enumerate(LEVEL_2 + LEVEL_3)}
    write_file("charset_names.c", "the names of the charsets.", [
        "const unsigned char mailproto__charset_names[] =", name_lines(FIXED, ids),
        *by_level(lambda codecs: [name_lines(codecs, ids)]), '    "";'])

    at = 0

    def table(codecs):
        nonlocal at
        lines = []
        for codec in codecs:
            first, points = cells_of(codec)
            lines.append(f"    {{{at}, {first}}}, /* {codec} */")
            at += len(points)
        return lines

    def cells(codecs):
        return [f"    /* {codec} */\n" + wrapped(f"0x{p:x}" for p in cells_of(codec)[1])
                for codec in codecs]

    write_file("charset_tables.c", "those with one octet a character.", [
        "const struct mailproto__charset_table mailproto__charset_tables[] = {",
        *by_level(table), "    {0, 0}", "};", "",
        "const uint16_t mailproto__charset_cells[] = {", *by_level(cells), "    0", "};"])


if __name__ == "__main__":
    main()
