#!/usr/bin/env python3
"""docs/rfc-coverage.md against the formal syntax of RFC 9051: every rule of section 9 stands
in its tables and nothing else does; the tests that are named are there; and each rule is
reached by them. That a rule is reached is found out by the grammar itself: the strings in the
C sources of the named tests are parsed with it, and the rules of a parse are reached.

Rules that the grammar's own comments bring in (CHILDINFO, OLDNAME) are looked for by
themselves; characters that only its prose names are taken for granted.

The RFC comes from the optional data folder ($MAILPROTO_DATA/rfc); without it only the files'
names are checked. Arguments: the build folder, which is not needed."""
import glob
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.setrecursionlimit(10000)

LETTERS = {"F": "test_command.c", "G": "test_command_generated.c",
           "S": "test_command_fields.c", "L": "test_string.c"}
LONGEST = 600  # octets of a string
# What the strings of a test are tried as, besides commands and responses.
FRAGMENTS = {
    "test_string.c": ("string", "astring", "list-mailbox", "literal8", "flag-list"),
    "test_envelope.c": ("envelope", "nstring", "address"),
    "test_bodystructure.c": ("body",),
    "test_write_codes.c": ("resp-text",),
    "test_fetch_response.c": ("msg-att",), "test_fetch_response_loop.c": ("msg-att",),
}
# Reached, though no string of a test is all of it; or only the grammar's prose names it.
KNOWN = {
    "idle": "the client's two lines are two strings: test_server_progress.c",
    "obsolete-flag-recent": "together with MODSEQ, not of RFC 9051: test_fetch_response.c",
    "atom-specials": "prose", "CHAR": "prose", "CTL": "prose", "UTF8-CHAR": "prose",
}
# Rules that only a comment of the grammar refers to: where they stand in a response.
HIDDEN = {
    "childinfo-extended-item": r'"?(CHILDINFO)"?( \((?:"[^"]*"| )*\))',
    "oldname-extended-item": r'"?(OLDNAME)"?( \((?:"[^"]*"|[^ ()]+)\))',
    "eitem-standard-tag": r'"?(CHILDINFO|OLDNAME)"?()',
}
CORE = {
    "ALPHA": "%x41-5A / %x61-7A", "DIGIT": "%x30-39", "DQUOTE": "%x22", "SP": "%x20",
    "CR": "%x0D", "LF": "%x0A", "CRLF": "CR LF", "CHAR": "%x01-7F", "CTL": "%x00-1F / %x7F",
    "OCTET": "%x00-FF", "UTF8-CHAR": "%x00-7F / UTF8-2 / UTF8-3 / UTF8-4",
}
UTF8 = {"UTF8-2": "[\xc2-\xdf][\x80-\xbf]", "UTF8-3": "[\xe0-\xef][\x80-\xbf]{2}",
        "UTF8-4": "[\xf0-\xf4][\x80-\xbf]{3}"}
ATOM_SPECIALS = set('(){ %*"\\]') | {chr(c) for c in range(32)} | {"\x7f"}
PROSE = {
    "any CHAR except atom-specials": lambda c: c < "\x80" and c not in ATOM_SPECIALS,
    "any TEXT-CHAR except quoted-specials": lambda c: "\0" < c < "\x80" and c not in '\r\n"\\',
    'any TEXT-CHAR except "]"': lambda c: "\0" < c < "\x80" and c not in "\r\n]",
    'any ASTRING-CHAR except "+"':
        lambda c: c == "]" or (c < "\x80" and c not in ATOM_SPECIALS and c != "+"),
    "any CHAR except CR and LF": lambda c: "\0" < c < "\x80" and c not in "\r\n",
}


# ---- ABNF (RFC 5234) -------------------------------------------------------------------------

def rules_of(text):
    """{name: its text} of a section, without comments."""
    found, name = {}, None
    for line in text.splitlines():
        line = re.sub(r'^((?:[^";]|"[^"]*")*);.*', r"\1", line)
        head = re.match(r"   ([A-Za-z][A-Za-z0-9-]*)\s*=(/?)\s*(.*)", line)
        if head:
            name = head.group(1)
            found[name] = (found[name] + " / " if head.group(2) else "") + head.group(3)
        elif name and re.match(r"\s{4,}\S", line):
            found[name] += " " + line.strip()
        elif not line.strip():
            continue
        else:
            name = None
    return found


TOKEN = re.compile(r'\s*(?:"([^"]*)"|%x([0-9A-Fa-f]+)(?:-([0-9A-Fa-f]+))?|<([^>]*)>|'
                   r"(\d*\*\d*|\d+)(?=[\w(\[<%\"])|([A-Za-z][A-Za-z0-9-]*)|([()\[\]/]))")


def parse(text):
    """A rule's text as nested tuples."""
    tokens, at = [], 0
    text = re.sub(r'<any ([A-Z-]+) except "(.)">', "<any \\1 except '\\2'>", text).strip()
    while at < len(text):
        m = TOKEN.match(text, at)
        if m is None:
            raise ValueError(f"no ABNF: {text[at:]!r}")
        tokens.append(m.groups())
        at = m.end()
    tokens.append((None,) * 7)

    def alternatives():
        options = [sequence()]
        while tokens[0][6] == "/":
            tokens.pop(0)
            options.append(sequence())
        return options[0] if len(options) == 1 else ("alt", tuple(options))

    def sequence():
        parts = []
        while tokens[0] != (None,) * 7 and tokens[0][6] not in ("/", ")", "]"):
            parts.append(repetition())
        return parts[0] if len(parts) == 1 else ("seq", tuple(parts))

    def repetition():
        least, most = 1, 1
        if tokens[0][4] is not None:
            count = tokens.pop(0)[4]
            low, star, high = count.partition("*")
            least = int(low or 0)
            most = int(high) if high else None if star else least
        node = element()
        return node if (least, most) == (1, 1) else ("rep", least, most, node)

    def element():
        string, low, high, prose, _, name, mark = tokens.pop(0)
        if string is not None:
            return ("str", string.lower().replace("\\\\", "\\"))
        if low is not None:
            return ("range", chr(int(low, 16)), chr(int(high or low, 16)))
        if prose is not None:
            return ("pred", prose.replace("'", '"'))
        if name is not None:
            return ("ref", name)
        node = alternatives()
        tokens.pop(0)
        return ("rep", 0, 1, node) if mark == "[" else node

    return alternatives()


class Grammar:
    def __init__(self, texts):
        self.rules = {name: parse(text) for name, text in {**texts, **CORE}.items()
                      if name not in UTF8 and not (name not in CORE and
                                                   re.match(r"<[Dd]efined", text))}

    def reached(self, root, text):
        """The rules of a parse of all of the text; None: it is none."""
        self.text, self.memo, self.marked, self.names = text, {}, set(), set()
        if len(text) not in self.ends(("ref", root), 0):
            return None
        self.mark(("ref", root), 0, len(text))
        return self.names

    def ends(self, node, at):
        kind = node[0]
        if kind == "ref":
            key = node[1], at
            if key not in self.memo:
                self.memo[key] = frozenset()  # left recursion gives nothing more
                self.memo[key] = self.rule_ends(node[1], at)
            return self.memo[key]
        if kind == "str":
            end = at + len(node[1])
            return {end} if self.text[at:end].lower() == node[1] else frozenset()
        if kind in ("range", "pred"):
            c = self.text[at:at + 1]
            good = c and (node[1] <= c <= node[2] if kind == "range" else PROSE[node[1]](c))
            return {at + 1} if good else frozenset()
        if kind == "alt":
            return set().union(*(self.ends(n, at) for n in node[1]))
        if kind == "seq":
            places = {at}
            for part in node[1]:
                places = set().union(*(self.ends(part, p) for p in places))
            return places
        return {p for p, least in self.walk(node, at) if least >= node[1]}

    def rule_ends(self, name, at):
        if name in UTF8:
            m = re.compile(UTF8[name]).match(self.text, at)
            return frozenset({m.end()} if m else ())
        if name in ("literal", "literal8"):
            m = re.compile(r"\{(\d+)\+?\}\r\n" if name == "literal" else
                           r"~\{(\d+)\+?\}\r\n").match(self.text, at)
            end = m.end() + int(m.group(1)) if m else 0
            return frozenset({end} if m and end <= len(self.text) else ())
        return frozenset(self.ends(self.rules[name], at))

    def walk(self, node, at):
        """(place, repetitions, at most as many as are needed to know) from a place on."""
        _, least, most, inner = node
        seen, todo = {(at, 0)}, [(at, 0)]
        while todo:
            place, count = todo.pop()
            if most is not None and count == most:
                continue
            for end in self.ends(inner, place):
                step = end, count + 1 if most is not None else min(count + 1, least)
                if end > place and step not in seen:
                    seen.add(step)
                    todo.append(step)
        return seen

    def mark(self, node, at, end):
        if (node, at, end) in self.marked:
            return
        self.marked.add((node, at, end))
        kind = node[0]
        if kind == "ref":
            self.names.add(node[1])
            if node[1] in ("literal", "literal8"):
                self.names |= {"number64", "DIGIT", "CRLF"}
                self.names.add("CHAR8" if node[1] == "literal" else "OCTET")
            elif node[1] in self.rules:
                self.mark(self.rules[node[1]], at, end)
        elif kind == "alt":
            for option in node[1]:
                if end in self.ends(option, at):
                    self.mark(option, at, end)
        elif kind == "seq":
            self.mark_sequence(node[1], at, end)
        elif kind == "rep":
            places = {p for p, _ in self.walk(node, at) if p <= end}
            steps = [(p, q) for p in places for q in self.ends(node[3], p) if p < q <= end]
            behind = {end}
            for p, q in sorted(steps, reverse=True):  # the later ones first
                if q in behind:
                    behind.add(p)
                    self.mark(node[3], p, q)

    def mark_sequence(self, parts, at, end):
        forward = [{at}]
        for part in parts:
            forward.append(set().union(*(self.ends(part, p) for p in forward[-1])))
        behind = {end}
        for part, places in zip(reversed(parts), reversed(forward[:-1])):
            steps = [(p, q) for p in places for q in self.ends(part, p) if q in behind]
            for p, q in steps:
                self.mark(part, p, q)
            behind = {p for p, _ in steps}


# ---- strings of the tests -----------------------------------------------------------------------

ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.S)
NAMED = {"r": "\r", "n": "\n", "t": "\t", "0": "\0"}


def unescaped(text):
    def one(m):
        what = m.group(1)
        if what[0] == "x":
            return chr(int(what[1:], 16))
        if what[0] in "01234567":
            return chr(int(what, 8) & 255)
        return NAMED.get(what, what)
    return ESCAPE.sub(one, text)


def source_of(path):
    """The text of a C source with its macros expanded, headers left out."""
    folders = [SOURCE / "include", SOURCE / "lib", SOURCE / "tests" / "support", path.parent]
    done = subprocess.run(["cc", "-E", "-std=c99", '-DMAILPROTO_SOURCE_DIR=""',
                           *(f"-I{f}" for f in folders), str(path)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    kept, own = [], False
    for line in done.stdout.decode("latin-1").splitlines():
        if line.startswith("# "):
            own = path.name in line
        elif own:
            kept.append(line)
    if done.returncode != 0 or not kept:
        sys.exit(f"{path}: {done.stderr.decode()[-500:]}")
    return "\n".join(kept)


def strings_of(path):
    """The string literals, those that stand behind each other joined."""
    text = source_of(path)
    for m in re.finditer(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*', text, re.S):
        if re.compile(r",\s*\d+\s*\}").match(text, m.end()):
            continue  # a row of what is refused
        yield "".join(unescaped(p) for p in re.findall(r'"((?:[^"\\\n]|\\.)*)"', m.group(0)))


def units(text):
    """What a string may hold: with an end of line, and its lines one by one with the
    literals in them."""
    yield text + "\r\n"
    at, begun = 0, 0
    while (end := text.find("\r\n", at)) >= 0:
        at = end + 2
        announced = re.search(r"\{(\d+)\+?\}\r\n$", text[begun:at])
        if announced:
            at += int(announced.group(1))
            continue
        yield text[begun:at]
        begun = at


def roots_of(unit):
    if unit.startswith("* "):
        return ("greeting", "response-data") + (
            ("response",) if unit.startswith("* BYE") else ())
    if unit.startswith("+"):
        return ("continue-req",)
    return ("command", "response") if " " in unit else ()


def reached_by(grammar, path, cache={}):
    if path not in cache:
        found = set()
        for text in set(strings_of(path)):
            if len(text) > LONGEST:
                continue
            for unit in set(units(text)):
                for root in roots_of(unit):
                    found |= grammar.reached(root, unit) or set()
            for root in FRAGMENTS.get(path.name, ()):
                found |= grammar.reached(root, text) or set()
            for root, pattern in HIDDEN.items():
                for m in re.finditer(pattern, text) if text.startswith("* LIST") else ():
                    found |= grammar.reached(root, m.group(1) + m.group(2)) or set()
        cache[path] = found
    return cache[path]


# ---- the document ---------------------------------------------------------------------------------

def tables():
    """[(files, rules)] of the tables, the rules named as parts, and all that prose names."""
    text = (SOURCE / "docs" / "rfc-coverage.md").read_text(encoding="utf-8")
    part = re.search(r"^### The rules of RFC 9051 section 9\n(.*?)(?=^### )", text,
                     re.S | re.M).group(1)
    rows, faults = [], []
    for tests, rules in re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", part, re.M):
        if tests.startswith(("tests", "-")):
            continue
        names = [LETTERS[w] for w in tests.split(", ") if w in LETTERS]
        names += re.findall(r"`(test_[\w*]+\.c)`", tests)
        files = []
        for name in names:
            some = glob.glob(str(SOURCE / "tests" / "unit" / "imap" / name))
            files += map(pathlib.Path, some)
            if not some:
                faults.append(f"{name} is not there")
        rows.append((files, [r.strip() for r in rules.split(",")]))
    prose = re.sub(r"^\|.*$", "", part, flags=re.M)
    paragraphs = re.split(r"\n\s*\n", prose)
    parts = next(p for p in paragraphs if "Parts of the above" in p)
    rest = next(p for p in paragraphs if "Not written by this library" in p)
    return rows, parts, rest, faults


NAME = r"(?<![\w-])%s(?![\w-])"


def is_named(rule, names):
    return any(n == rule or (n.endswith("...") and rule.startswith(n[:-3])) for n in names)


def check(rules, texts):
    rows, parts, rest, faults = tables()
    grammar = Grammar(texts)
    everything = set().union(*(reached_by(grammar, f) for files, _ in rows for f in files))
    reached = 0
    for rule in rules:
        of = [files for files, names in rows if is_named(rule, names)]
        in_prose = [bool(re.search(NAME % re.escape(rule), p)) for p in (parts, rest)]
        if not of and not any(in_prose):
            faults.append(f"{rule} is not listed")
        elif in_prose[1] or rule in KNOWN:
            reached += rule in KNOWN
        elif not (any(rule in reached_by(grammar, f) for files in of for f in files)
                  if of else rule in everything):
            faults.append(f"{rule} is not reached by "
                          f"{sorted({f.name for files in of for f in files}) or 'a test'}")
        else:
            reached += 1
    for _, names in rows:
        faults += [f"{n} is no rule of RFC 9051 9" for n in names if not any(
            is_named(rule, [n]) for rule in rules)]
    print(f"{len(rules)} rules, {reached} reached by the tests that are named")
    return faults


def main():
    data = os.environ.get("MAILPROTO_DATA") or str(SOURCE.parent / "shared")
    path = pathlib.Path(data) / "rfc" / "rfc9051.txt"
    if not path.exists():
        faults = tables()[3]
        print("no RFC 9051 in the data folder (MAILPROTO_DATA): names of files alone")
    else:
        text = path.read_text(errors="replace")
        section = re.search(r"^9\.  Formal Syntax\n(.*?)^10\.  ", text, re.S | re.M).group(1)
        texts = rules_of(section)
        faults = check(list(texts), texts)
    print(*faults, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
