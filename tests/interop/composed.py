"""Messages of the composer, as tests with other people's readers use them. A generator of
hostile names, texts and structures writes them, and beside each what it must say: structure,
decoded bodies, types, file names, content ids, names, groups, addresses, texts and dates,
to the octet. Here stands what a reader finds by RFC 5322 and RFC 2047 alone; where one
differs, a named rule of its test foretells exactly what it finds instead.
"""
import base64
import collections
import datetime
import json
import re
import subprocess

import peers
from peers import check

COUNT = 4000
TEXT, ADDRESSES, DATE = 0, 1, 2
MAILBOX, GROUP, END = "mailbox", "group", "end"


def plain(text):
    return base64.b64decode(text)


def messages():
    """What was composed. It must be there: it is built wherever tests are."""
    program = peers.find_program("unit_message_compose_roundtrip")
    out = subprocess.run([program, "write", str(COUNT)], stdin=subprocess.DEVNULL,
                         capture_output=True, timeout=200, check=True).stdout
    lines = [json.loads(line) for line in out.splitlines()]
    check(len(lines) >= 3000, len(lines), "messages only")
    check_kinds(lines)
    return lines


def check_kinds(lines):
    """The kinds of messages that must be among them: fields that are raw UTF-8 (RFC 6532),
    texts in UTF-16."""
    raw = sum(not plain(m["message"]).split(b"\r\n\r\n", 1)[0].isascii() for m in lines)
    wide = sum(any(p["text"] for p in m["parts"]) for m in lines)
    check(raw >= 500 and wide >= 500, raw, "raw headers,", wide, "with UTF-16")


def children(wanted, number):
    return [i for i, p in enumerate(wanted["parts"]) if p["parent"] == number]


def mailboxes(field):
    """[(name, addr-spec)], groups flattened."""
    return [(plain(a["name"]).decode(), plain(a["spec"]).decode())
            for a in field["addresses"] if a["kind"] == MAILBOX]


def groups(field):
    """[(name of the group or None, [(name, addr-spec)])]"""
    out, group = [], None
    for a in field["addresses"]:
        if a["kind"] == GROUP:
            group = (plain(a["name"]).decode(), [])
            out.append(group)
        elif a["kind"] == END:
            group = None
        else:
            one = (plain(a["name"]).decode(), plain(a["spec"]).decode())
            if group:
                group[1].append(one)
            else:
                out.append((None, [one]))
    return out


def date_text(utc, zone):
    """RFC 5322 3.3."""
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=utc + 60 * zone)
    day = "Mon Tue Wed Thu Fri Sat Sun".split()[when.weekday()]
    month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[when.month - 1]
    sign = "-" if zone < 0 else "+"
    return (f"{day}, {when.day:02} {month} {when.year} {when:%H:%M:%S} "
            f"{sign}{abs(zone) // 60:02}{abs(zone) % 60:02}")


def dates(wanted):
    """Name to (utc, zone) of the date fields."""
    found = {f["name"]: (f["utc"], f["zone"]) for f in wanted["fields"] if f["kind"] == DATE}
    return {**found, "Date": (wanted["utc"], wanted["zone"])}


# ---- RFC 5322 and RFC 2047, by the letter ---------------------------------------------------

WORD = re.compile(r"=\?utf-8\?([bq])\?([^? \t\r\n]*)\?=")


def unfolded(value):
    """RFC 5322 2.2.3: the CRLF goes, and nothing else."""
    return re.sub(r"\r\n(?=[ \t])", "", value)


def raw_fields(octets):
    """[(name, value)] of a header, as it is written; the blank behind the colon is ours."""
    header = octets.split(b"\r\n\r\n", 1)[0].decode() + "\r\n"
    fields = re.findall(r"([^:\r\n ]+): ?((?:[^\r\n]|\r\n[ \t])*)\r\n", header)
    check(sum(len(n) + len(v) + 3 for n, v in fields) <= len(header), "a field is no field")
    return fields


def raw_field(wanted, name):
    found = [v for n, v in raw_fields(plain(wanted["message"])) if n == name]
    check(len(found) == 1, f"seed {wanted['seed']}:", name, found)
    return found[0]


def decoded_word(match):
    check(len(match[0]) <= 75, match[0])  # RFC 2047 2
    if match[1] == "b":
        return base64.b64decode(match[2], validate=True)
    return re.sub(rb"=([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]),
                  match[2].replace("_", " ").encode())


def decoded(value, word=decoded_word):
    """Encoded words stand alone between blanks (RFC 2047 5); blanks between two go (6.2);
    each holds whole characters (5)."""
    out, last = "", None
    pieces = re.split(r"([ \t\r\n]+)", value)
    for blank, text in zip(["", *pieces[1::2]], pieces[::2]):
        match = WORD.fullmatch(text)
        if not (match and last):
            out += blank
        out += word(match).decode() if match else text
        last = match
    return out


TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<(?:"(?:[^"\\]|\\.)*"|[^">])*>|[,:;]|[^",:;<]+', re.S)


def raw_names(value):
    """What stands in front of the <...> of an address list, or None; groups flattened."""
    out, phrase = [], ""
    for token in TOKEN.findall(value):
        if token in ",;":
            if phrase.strip():
                out.append(None)
            phrase = ""
        elif token == ":":
            phrase = ""
        elif token[0] == "<":
            out.append(phrase.strip(" \t\r\n") or None)
            phrase = ""
        else:
            phrase += token
    if phrase.strip():
        out.append(None)
    return out


def display_name(phrase, unfold=unfolded):
    """A phrase: one quoted string, or atoms and encoded words."""
    if phrase is None:
        return ""
    if phrase[0] == '"':
        check(phrase[-1] == '"', "not one quoted string:", phrase)
        return re.sub(r"\\(.)", r"\1", unfold(phrase[1:-1]))
    return decoded(unfold(phrase))


# ---- rules ------------------------------------------------------------------------------------

class Rules:
    """Where a reader differs: what it finds instead, foretold exactly. A rule that explains
    nothing any more must go."""

    def __init__(self, *names):
        self.used = collections.Counter({name: 0 for name in names})
        self.compared = 0

    def same(self, found, wanted, where, *foretold):
        """`found` is `wanted`, or what a rule foretells: (name, value)."""
        self.compared += 1
        if found == wanted:
            return
        for name, value in foretold:
            if found == value:
                self.used[name] += 1
                return
        raise peers.Failure(f"{where}: found {found!r}, not {wanted!r}; foretold: "
                            f"{foretold!r}")

    def summary(self, count):
        unused = [name for name, n in self.used.items() if n == 0]
        check(not unused, "rules that explain nothing:", *unused)
        told = ", ".join(f"{name} {n}" for name, n in self.used.items())
        return (f"ok: {count} messages, {self.compared} values equal"
                + (f"; by rules: {told}" if told else ""))


def check_message(wanted):
    """The octets themselves, by the letter: what every reader may build upon."""
    seed = f"seed {wanted['seed']}"
    for field in wanted["fields"]:
        value = raw_field(wanted, field["name"])
        if field["kind"] == TEXT:
            check(decoded(unfolded(value)) == plain(field["text"]).decode(), seed, value)
        elif field["kind"] == ADDRESSES:
            names = [display_name(n) for n in raw_names(value)]
            check(names == [n for n, _ in mailboxes(field)], seed, repr(value), names)
        elif field["kind"] != DATE:
            check(unfolded(value) == plain(field["text"]).decode(), seed, value)
    for name, (utc, zone) in dates(wanted).items():
        check(raw_field(wanted, name) == date_text(utc, zone), seed, name,
              date_text(utc, zone))
