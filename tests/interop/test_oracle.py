#!/usr/bin/env python3
"""Messages as others read them: every message of the optional data folder through
`mailproto-inspect message`, compared with what seven parsers made of it, with the truth of
generated ones, and with Dovecot's ENVELOPE and BODYSTRUCTURE. What differs must stand in
docs/differences.md, section "Messages", with its reason, and nothing else may stand there.

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
ENOUGH_IMAP = 98.0  # of well-formed messages, beside Dovecot
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

def literal_end(text, start, octets):
    """Where a literal ends. U+FFFD stands in the data for what was no UTF-8, or for itself."""
    for each in (1, 3, 2):
        at, left = start, octets
        while left > 0 and at < len(text):
            left -= each if text[at] == "\ufffd" else len(text[at].encode())
            at += 1
        if left == 0 and text[at:at + 1] in ("", " ", ")"):
            break
    return at


def parse_imap(text, octets=False):
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
            end = m.end() + size if octets else literal_end(text, m.end(), size)
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
            theirs = normal(parse_imap(other))
        except ValueError:
            if "\ufffd" not in other:
                raise
            continue  # octets were lost in the data: the literal's size says nothing
        mine = normal(parse_imap(mine.decode("latin-1"), octets=True))
        if key == "envelope":  # Dovecot makes one space of all blanks in some of its strings
            mine, theirs = one_space(mine), one_space(theirs)
        yield key, mine == theirs, mine, theirs


# ---- the list of differences -------------------------------------------------------------------

ASPECTS = ("tree", "body", "filename", "subject", "from", "to", "date", "envelope",
           "bodystructure")


def documented():
    """{(aspect, id)} of docs/differences.md, section "Messages"."""
    path = SOURCE / "docs" / "differences.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    m = re.search(r"^## Messages\n(.*?)(?=^## |\Z)", text, re.S | re.M)
    found = set()
    for part in re.split(r"^### ", m.group(1) if m else "", flags=re.M)[1:]:
        aspect = part.split("\n", 1)[0].strip().lower()
        for item in re.split(r"^- ", part, flags=re.M)[1:]:
            reason, _, ids = item.partition(":\n")
            if not reason.strip() or not ids.strip():
                sys.exit(f"docs/differences.md, {aspect}: an entry without reason or messages")
            found.update((aspect, name) for name in re.findall(r"`([^`\n]+/[^`\n]+)`", ids))
    return found


class Score:
    def __init__(self):
        self.good = collections.Counter()
        self.all = collections.Counter()

    def add(self, aspect, agrees):
        self.all[aspect] += 1
        self.good[aspect] += bool(agrees)

    def percent(self, aspect):
        return 100.0 * self.good[aspect] / self.all[aspect] if self.all[aspect] else 100.0

    def show(self, title):
        print(title + ":", ", ".join(
            f"{a} {self.percent(a):.2f} % ({self.good[a]}/{self.all[a]})"
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
    different, lost, failures = {}, [], []
    for name, ours in inspected(program, files):
        kind = ("valid" if is_valid(name) else
                "malformed" if is_malformed(name) else "well-formed")
        theirs = dict(majority[name])
        theirs.update(truth.get(name, {}))
        results = [(kind, r) for r in differences(ours, theirs)]
        if name in dovecot:
            results += [("IMAP, " + kind, r) for r in imap_differences(ours, dovecot[name])]
        for group, (aspect, agrees, mine, other) in results:
            scores[group].add(aspect, agrees)
            if not agrees:
                different.setdefault((aspect, name), (mine, other))
        if theirs.get("n_leaves") and len(ours["leaves"]) < theirs["n_leaves"]:
            lost.append(name)

    for (aspect, name), (mine, other) in sorted(different.items()) if wanted else ():
        print(f"{aspect} {name}\n  ours   {mine}\n  theirs {other}")
    for group in sorted(scores):
        scores[group].show(group)
    if "--list" in sys.argv:
        print(json.dumps([[a, n, m, o] for (a, n), (m, o) in sorted(different.items())]))
        print("lost:", lost)
    if wanted or "--list" in sys.argv:
        return 0

    for aspect in ASPECTS:
        if scores["valid"].percent(aspect) < 100:
            failures.append(f"valid messages: {aspect} differs")
        if scores["well-formed"].percent(aspect) < ENOUGH:
            failures.append(f"well-formed messages: {aspect} below {ENOUGH} %")
        if scores["IMAP, well-formed"].percent(aspect) < ENOUGH_IMAP:
            failures.append(f"IMAP, well-formed messages: {aspect} below {ENOUGH_IMAP} %")
    if scores["malformed"].percent("tree") < ENOUGH_MALFORMED:
        failures.append(f"malformed messages: tree below {ENOUGH_MALFORMED} %")
    known = documented()
    failures += [f"not in docs/differences.md: {a} {n}" for a, n in sorted(set(different) - known)]
    failures += [f"no difference any more: {a} {n}" for a, n in sorted(known - set(different))]
    failures += [f"fewer leaves than others see, and no reason given: {n}" for n in lost
                 if ("tree", n) not in known]
    print(*failures, sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
