#!/usr/bin/env python3
"""Messages as others read them: every message of the optional data folder through
`mailproto-inspect message`, compared with what seven parsers made of it, with the truth of
generated ones, and with Dovecot's ENVELOPE and BODYSTRUCTURE. What differs must stand in
docs/differences.md, section "Messages", with its reason, and nothing else may stand there.

Of Dovecot's answers some are explained: a standard, or what most of the seven parsers see,
decides against them. Each class of these has a rule below that recognises it by itself;
the document names the rule and lists the messages, and the two must agree.

Standard library only. Arguments: ids of messages; then their differences are shown.
With --list all differences are printed as the document lists them."""
import base64
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
SOURCE = pathlib.Path(__file__).resolve().parents[2]
ENOUGH = 99.5  # per cent, of well-formed messages
ENOUGH_MALFORMED = 93.0
PARTS = 64  # messages a run of the program


def find_program():
    if "MAILPROTO_INSPECT" in os.environ:
        return os.environ["MAILPROTO_INSPECT"]
    build = pathlib.Path(os.environ.get("MAILPROTO_BUILD", SOURCE / "build"))
    path = build / "examples" / "inspect" / "mailproto-inspect"
    if not path.exists():
        skip("mailproto-inspect is not built (MAILPROTO_EXAMPLES, jansson, OpenSSL)")
    return str(path)


def skip(why):
    print("skipped:", why)
    sys.exit(77)


# ---- the data ------------------------------------------------------------------------------

def data_folder():
    path = os.environ.get("MAILPROTO_DATA") or str(SOURCE.parent / "shared")
    folder = pathlib.Path(path) / "corpus"
    if not (folder / "oracle" / "majority.jsonl").exists():
        skip("no data folder with corpus/oracle (MAILPROTO_DATA)")
    return folder


def records(path):
    with open(path, encoding="utf-8") as lines:
        return {record["id"]: record for record in map(json.loads, lines)}


def is_valid(name):
    return name.startswith("generated/valid-")


def is_malformed(name):
    return (name.startswith("generated/mut-") or
            re.match(r"mail-parser-rs/.*~[23]$", name) is not None or
            name.startswith("kmime/clusterfuzz"))


def inspected(program, files):
    """What the program says of each file."""
    names = list(files)
    for start in range(0, len(names), PARTS):
        some = names[start:start + PARTS]
        done = subprocess.run([program, "message", *(str(files[n]) for n in some)],
                              stdout=subprocess.PIPE, timeout=120)
        lines = done.stdout.splitlines()
        if done.returncode != 0 or len(lines) != len(some):
            sys.exit(f"{program} ended with {done.returncode} within {some[0]} ... {some[-1]}")
        for name, line in zip(some, lines):
            yield name, json.loads(line)


# ---- comparing -----------------------------------------------------------------------------

def octets_of(record, key):
    if record[key] is None and key + "_b64" in record:
        return base64.b64decode(record[key + "_b64"])
    return record[key].encode()


def plain_spec(spec):
    if isinstance(spec, dict):
        spec = base64.b64decode(spec["b64"]).decode("utf-8", "replace")
    local, at, domain = spec.rpartition("@")
    if re.fullmatch(r'"[\w!#$%&\'*+/=?^`{|}~-]+(\.[\w!#$%&\'*+/=?^`{|}~-]+)*"', local):
        local = local[1:-1]  # quotes that a dot-atom does not need
    return local + at + domain.lower()


def text_of(record, key):
    if record[key] is None and key + "_b64" not in record:
        return None
    return octets_of(record, key).decode("utf-8", "replace")


def leaf_differences(ours, theirs):
    """(aspect, agrees) of each leaf that has an expectation."""
    for mine, other in zip(ours["leaves"], theirs["leaves"]):
        if other.get("nsha256"):
            allowed = {other["nsha256"], *(other.get("nsha256_other") or ())}
            yield "body", mine["nsha256"] in allowed, mine["nsha256"], sorted(allowed)
        if other.get("filename_votes") or "filename" in other:
            mine_name, other_name = text_of(mine, "filename") or None, other["filename"] or None
            if not other.get("filename_variants") or other_name is not None:
                yield "filename", mine_name == other_name, mine_name, other_name


def differences(ours, theirs):
    """(aspect, agrees, ours, theirs)"""
    if theirs.get("tree") and not theirs.get("tree_weak"):
        same = ours["tree"] == theirs["tree"]
        yield "tree", same, ours["tree"], theirs["tree"]
        if same:
            yield from leaf_differences(ours, theirs)
    if theirs.get("subject") is not None:
        # White space of Unicode was collapsed there as well.
        mine = " ".join(text_of(ours, "subject").split())
        yield "subject", mine == theirs["subject"], mine, theirs["subject"]
    for key in ("from", "to"):
        if theirs.get(key) is not None:
            mine = [plain_spec(spec) for spec in ours[key]]
            other = [plain_spec(spec) for spec in theirs[key]]
            yield key, mine == other, mine, other
    if theirs.get("date_unix") is not None:
        yield ("date", ours["date_unix"] == theirs["date_unix"], ours["date_unix"],
               theirs["date_unix"])


# ---- IMAP's syntax -------------------------------------------------------------------------

# U+FFFD stands in the data for what was no UTF-8, or for itself: how many octets it was.
LOST = ((1, 3, 2), (3, 2, 1))


def literal_end(text, start, octets, lost):
    """Where a literal ends."""
    for each in lost:
        at, left = start, octets
        while left > 0 and at < len(text):
            left -= each if text[at] == "\ufffd" else len(text[at].encode())
            at += 1
        if left == 0 and text[at:at + 1] in ("", " ", ")"):
            break
    return at


def is_envelope(value):
    return len(value) == 10 and all(
        a == "NIL" or all(isinstance(each, list) and len(each) == 4 for each in a)
        for a in value[2:8])


def parse_data(key, text):
    """The data's answer, read so that it is what it says it is."""
    for lost in LOST:
        try:
            value = parse_imap(text, lost=lost)
        except (ValueError, IndexError, AttributeError):
            continue
        if key != "envelope" or is_envelope(value):
            return value
    raise ValueError("cannot be read: " + text[:200])


def parse_imap(text, octets=False, lost=LOST[0]):
    """Nested lists of strings (as ("s", text)) and atoms. `octets`: one a character."""
    def string(value):
        if octets:
            value = value.encode("latin-1").decode("utf-8", "replace")
        return ("s", re.sub("\ufffd+", "\ufffd", value))

    stack, at = [[]], 0
    while at < len(text):
        c = text[at]
        if c == "(":
            stack.append([])
            at += 1
        elif c == ")":
            done = stack.pop()
            stack[-1].append(done)
            at += 1
        elif c == " ":
            at += 1
        elif c == '"':
            m = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S).match(text, at)
            stack[-1].append(string(re.sub(r"\\(.)", r"\1", m.group(1))))
            at = m.end()
        elif c == "{":
            m = re.compile(r"\{(\d+)\}\r?\n").match(text, at)
            size = int(m.group(1))
            end = m.end() + size if octets else literal_end(text, m.end(), size, lost)
            stack[-1].append(string(text[m.end():end]))
            at = end
        else:
            m = re.compile(r"[^ ()]+").match(text, at)
            stack[-1].append(m.group(0))
            at = m.end()
    if len(stack) != 1:
        raise ValueError("parentheses do not match: " + text[:200])
    return stack[0]


def join_sections(params):
    """name*0 and its likes as Dovecot sends them: joined under one name."""
    if not isinstance(params, list):
        return params
    joined = collections.OrderedDict()
    for name, value in zip(params[::2], params[1::2]):
        m = re.fullmatch(r"(.*?)(?:\*(\d+))?(\*)?", name[1], re.S)
        joined.setdefault(m.group(1).lower(), []).append(
            (int(m.group(2) or 0), m.group(2), m.group(3), name[1], value[1]))
    out = []
    for values in joined.values():
        if all(section is None for _, section, _, _, _ in values):
            for _, _, _, name, value in values:
                out += [("s", name), ("s", value)]
            continue
        values.sort(key=lambda v: v[0])
        base = re.match(r"[^*]*", values[0][3]).group(0)
        star = "*" if any(v[2] for v in values) else ""
        out += [("s", base + star), ("s", "".join(v[4] for v in values))]
    return out


def is_params(value):
    return (isinstance(value, list) and len(value) > 1 and len(value) % 2 == 0 and
            all(isinstance(v, tuple) for v in value))


def normal(value):
    """What may be written in two ways."""
    if not isinstance(value, list):
        return value
    if len(value) > 1 and [v[1].lower() for v in value[:2] if isinstance(v, tuple)] == [
            "message", "rfc822"]:  # Dovecot writes these two in lower case
        value = [("s", "message"), ("s", "rfc822"), *value[2:7], one_space(value[7]), *value[8:]]
    if is_params(value):
        return [normal(v) for v in join_sections(value)]
    return [normal(v) for v in value]


def one_space(value):
    if isinstance(value, tuple):
        return ("s", " ".join(value[1].split()))
    return [one_space(v) for v in value] if isinstance(value, list) else value


def imap_differences(ours, dovecot):
    for key in ("envelope", "bodystructure"):
        mine, other = octets_of(ours, key), dovecot[key]
        try:
            theirs = normal(parse_data(key, other))
        except ValueError:
            if "\ufffd" not in other:
                raise
            continue  # octets were lost in the data: the literal's size says nothing
        mine = normal(parse_imap(mine.decode("latin-1"), octets=True))
        if key == "envelope":  # Dovecot makes one space of all blanks in some of its strings
            mine, theirs = one_space(mine), one_space(theirs)
        yield key, mine == theirs, mine, theirs


# ---- what explains a difference from Dovecot ------------------------------------------------

NO_ADDRESS = [("s", "MISSING_MAILBOX"), ("s", "MISSING_DOMAIN")]
UNDECIDED = "undecided"  # the seven parsers do not agree: not counted


def specs(addresses):
    """The addr-specs of a list, as differences() compares them."""
    return [plain_spec(a[2][1] + "@" + a[3][1]) for a in addresses
            if isinstance(a[2], tuple) and isinstance(a[3], tuple)]


class Message:
    """What the rules may look at beside the two answers."""

    def __init__(self, raw, ours, theirs):
        self.raw, self.ours, self.theirs = raw, ours, theirs

    def header(self):
        return re.split(rb"\r?\n\r?\n", self.raw, maxsplit=1)[0]


def one_of(mine, other, key, message):
    """The seven parsers about From or To: decided for ours, for Dovecot's, or not at all."""
    votes = message.theirs.get(key)
    if votes is None:
        return UNDECIDED
    decided = [plain_spec(spec) for spec in votes]
    if specs(mine) == decided and specs(other) != decided:
        return "most-parsers"
    return None


def list_rule(mine, other, key, message):
    """An address list. `key`: from or to, where the seven parsers have a say."""
    if not isinstance(mine, list) or not isinstance(other, list):
        return None
    if mine == [a for a in other if a != ["NIL", "NIL", *NO_ADDRESS]]:
        return "empty-element"  # RFC 5322 4.4, obs-addr-list: *([CFWS] ",")
    if len(mine) == len(other) and all(
            a == b or (a[2:] == NO_ADDRESS and (
                b[3] == ("s", "SYNTAX_ERROR") or b[2] == NO_ADDRESS[0]))
            for a, b in zip(mine, other)):
        return "no-address"  # both say that it is none, each in its way
    return one_of(mine, other, key, message) if key else None


def envelope_rules(mine, other, message, outer=True):
    """Of each field that differs the rule, or None."""
    keys = {2: "from", 5: "to"} if outer else {}
    for n, (a, b) in enumerate(zip(mine, other)):
        if a == b:
            continue
        if n == 1 and outer and " ".join(text_of(message.ours, "subject").split()) == \
                message.theirs["subject"]:
            yield "most-parsers"
        elif n in (3, 4) and outer and a == mine[2] and b == other[2]:
            yield list_rule(a, b, "from", message)  # RFC 9051 7.5.2: they default to it
        elif 2 <= n <= 7:
            yield list_rule(a, b, keys.get(n), message)
        else:
            yield None


def is_multipart(body):
    return isinstance(body[0], list)


def is_part(value):
    return isinstance(value, list) and (
        is_multipart(value) or (len(value) > 6 and not isinstance(value[2], tuple)))


def shape(body):
    """The tree of a BODYSTRUCTURE, without types."""
    if is_multipart(body):
        return [shape(part) for part in body if is_part(part)]
    return [shape(body[8])] if is_message(body) else None


def is_message(body):
    return [v[1].lower() for v in body[:2]] == ["message", "rfc822"] and len(body) > 9


def ends_in_multipart(body):
    """Whether the last line of a message is a close delimiter."""
    return is_multipart(body) or (is_message(body) and ends_in_multipart(body[8]))


def as_pairs(params):
    if not isinstance(params, list):
        return []
    return [(n[1], v[1]) for n, v in zip(params[::2], params[1::2])]


def params_rule(mine, other, message):
    ours, theirs = as_pairs(mine), as_pairs(other)
    if theirs == ours + [("charset", "us-ascii")] and any(
            n.lower().startswith("charset*") for n, _ in ours):
        return "charset-extended"  # RFC 2231 4: `charset*` is charset
    empty = [n for n, v in theirs if v == "" and (n, v) not in ours]
    if empty and ours == [p for p in theirs if p[0] not in empty] and all(
            re.search(rb"[;\s]" + re.escape(n.encode()) + rb"=[ \t]*(?:;|\r?\n(?![ \t])|$)",
                      message.raw) for n in empty):
        return "parameter-without-value"  # RFC 2045 5.1: value := token / quoted-string
    names = {leaf["filename"] for leaf in message.theirs.get("leaves") or ()}
    if [n for n, _ in ours] == [n for n, _ in theirs] and all(
            a == b or (a[1] in names and b[1] not in names) for a, b in zip(ours, theirs)):
        return "most-parsers"
    return None


def leaf_rules(mine, other, message):
    if "" in (other[0][1], other[1][1]):
        # RFC 2045 5.2: what is no type/subtype of tokens is text/plain; us-ascii.
        default = [("s", "text"), ("s", "plain"), [("s", "charset"), ("s", "us-ascii")]]
        same = mine[:3] == default and mine[3:7] == other[3:7]
        yield "type-syntax" if same else None
        return
    for n, (a, b) in enumerate(zip(mine, other)):
        if a == b:
            continue
        field = n - 9 if is_message(mine) and n > 6 else n - 7 if n > 6 else n
        if n == 2:
            yield params_rule(a, b, message)
        elif n == 5 and b == ("s", "7bit") and not re.search(
                rb"(?im)^(mime-version|content-type)[ \t]*:", message.header()):
            yield "no-mime-version"  # RFC 2045 4: by local conventions
        elif is_message(mine) and n == 6:
            at_end = (ends_in_multipart(mine[8]) and int(b) - int(a) == 2 and
                      int(other[9]) - int(mine[9]) == 1)
            yield "delimiter-line-end" if at_end else None
        elif is_message(mine) and n == 9 and mine[6] != other[6]:
            continue  # judged with the size
        elif is_message(mine) and n == 7:
            yield from envelope_rules(a, b, message, outer=False)
        elif is_message(mine) and n == 8:
            yield from structure_rules(a, b, message)
        elif b == [("s", ""), "NIL"] and a == "NIL":
            yield "disposition-syntax"  # RFC 2183 2: disposition-type is a token
        elif field >= 0 and isinstance(a, list) and isinstance(b, list) and a[:1] == b[:1]:
            yield params_rule(a[1], b[1], message)
        else:
            yield None


def tree_rule(mine, other, message):
    """Two trees that are not the same."""
    votes = message.theirs
    if not votes.get("tree") or votes.get("tree_weak"):
        return UNDECIDED
    if message.ours["tree"] == votes["tree"]:
        return "most-parsers"
    return None


def structure_rules(mine, other, message):
    if shape(mine) != shape(other):
        yield tree_rule(mine, other, message)
    elif is_multipart(mine):
        for a, b in zip(mine, other):
            if a == b:
                continue
            if is_part(a) and is_part(b):
                yield from structure_rules(a, b, message)
            elif is_params(a) or is_params(b):
                yield params_rule(a, b, message)
            else:
                yield None
    else:
        yield from leaf_rules(mine, other, message)


def rules_of(aspect, mine, other, message):
    """The rules that explain all of a difference, None where one part has no rule."""
    rules = envelope_rules if aspect == "envelope" else structure_rules
    found = set(rules(mine, other, message))
    return None if None in found or not found else found


# ---- the list of differences -------------------------------------------------------------------

ASPECTS = ("tree", "body", "filename", "subject", "from", "to", "date", "envelope",
           "bodystructure")


def documented():
    """{(aspect, id): rules} of docs/differences.md, section "Messages"."""
    path = SOURCE / "docs" / "differences.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    m = re.search(r"^## Messages\n(.*?)(?=^## |\Z)", text, re.S | re.M)
    found = {}
    for part in re.split(r"^### ", m.group(1) if m else "", flags=re.M)[1:]:
        aspect = part.split("\n", 1)[0].strip().lower()
        for item in re.split(r"^- ", part, flags=re.M)[1:]:
            reason, _, ids = item.partition(":\n")
            if not reason.strip() or not ids.strip():
                sys.exit(f"docs/differences.md, {aspect}: an entry without reason or messages")
            rule = re.match(r"rule `([a-z-]+)`", reason)
            for name in re.findall(r"`([^`\n]+/[^`\n]+)`", ids):
                found.setdefault((aspect, name), set()).update(rule.groups() if rule else [])
    return found


class Score:
    def __init__(self):
        self.good = collections.Counter()
        self.all = collections.Counter()
        self.explained = collections.Counter()

    def add(self, aspect, agrees, rules=None):
        if rules and UNDECIDED in rules:
            return
        self.all[aspect] += 1
        self.good[aspect] += bool(agrees or rules)
        self.explained[aspect] += bool(rules)

    def percent(self, aspect):
        return 100.0 * self.good[aspect] / self.all[aspect] if self.all[aspect] else 100.0

    def show(self, title):
        print(title + ":", ", ".join(
            f"{a} {self.percent(a):.2f} % ({self.good[a]}/{self.all[a]}" +
            (f", {self.explained[a]} of them explained)" if self.explained[a] else ")")
            for a in ASPECTS if self.all[a]))


def main():
    wanted = [a for a in sys.argv[1:] if not a.startswith("--")]
    program, folder = find_program(), data_folder()
    oracle = folder / "oracle"
    majority = records(oracle / "majority.jsonl")
    truth = records(oracle / "generated_truth.jsonl")
    dovecot = records(oracle / "imap_dovecot.jsonl")
    manifest = records(folder / "messages" / "manifest.jsonl")
    files = {name: folder / "messages" / record["file"] for name, record in manifest.items()
             if not wanted or name in wanted}

    scores = collections.defaultdict(Score)
    different, explained, lost, failures = {}, {}, [], []
    for name, ours in inspected(program, files):
        kind = ("valid" if is_valid(name) else
                "malformed" if is_malformed(name) else "well-formed")
        theirs = dict(majority[name])
        theirs.update(truth.get(name, {}))
        results = [(kind, r) for r in differences(ours, theirs)]
        if name in dovecot:
            results += [("IMAP, " + kind, r) for r in imap_differences(ours, dovecot[name])]
        for group, (aspect, agrees, mine, other) in results:
            rules = None
            if not agrees and aspect in ("envelope", "bodystructure"):
                raw = files[name].read_bytes()
                rules = rules_of(aspect, mine, other, Message(raw, ours, theirs))
                explained[aspect, name] = rules or set()
            scores[group].add(aspect, agrees, rules)
            if not agrees:
                different.setdefault((aspect, name), (mine, other))
        if theirs.get("n_leaves") and len(ours["leaves"]) < theirs["n_leaves"]:
            lost.append(name)

    for (aspect, name), (mine, other) in sorted(different.items()) if wanted else ():
        print(f"{aspect} {name} {explained.get((aspect, name), '')}\n  ours   {mine}\n"
              f"  theirs {other}")
    for group in sorted(scores):
        scores[group].show(group)
    if "--list" in sys.argv:
        print(json.dumps([[a, n, sorted(explained.get((a, n), ())), m, o]
                          for (a, n), (m, o) in sorted(different.items())]))
        print("lost:", lost)
    if wanted or "--list" in sys.argv:
        return 0

    for aspect in ASPECTS:
        if scores["valid"].percent(aspect) < 100:
            failures.append(f"valid messages: {aspect} differs")
        if scores["well-formed"].percent(aspect) < ENOUGH:
            failures.append(f"well-formed messages: {aspect} below {ENOUGH} %")
        if scores["IMAP, well-formed"].percent(aspect) < ENOUGH:
            failures.append(f"IMAP, well-formed messages: {aspect} below {ENOUGH} %")
        if scores["IMAP, valid"].percent(aspect) < 100:
            failures.append(f"IMAP, valid messages: {aspect} differs")
    if scores["malformed"].percent("tree") < ENOUGH_MALFORMED:
        failures.append(f"malformed messages: tree below {ENOUGH_MALFORMED} %")
    known = documented()
    failures += [f"not in docs/differences.md: {a} {n}"
                 for a, n in sorted(set(different) - set(known))]
    failures += [f"no difference any more: {a} {n}"
                 for a, n in sorted(set(known) - set(different))]
    failures += [f"{a} {n}: the document says {known[a, n] or 'no rule'}, found: "
                 f"{rules or 'none'}" for (a, n), rules in sorted(explained.items())
                 if (a, n) in known and rules != known[a, n]]
    failures += [f"fewer leaves than others see, and no reason given: {n}" for n in lost
                 if ("tree", n) not in known]
    print(*failures, sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
