#!/usr/bin/env python3
"""Messages as others read them: every message of the optional data folder through
`mailproto-inspect message`, compared with what seven parsers made of it, with the truth of
generated ones, and with Dovecot's ENVELOPE and BODYSTRUCTURE. What differs must stand in
docs/differences.md, section "Messages", with its reason, and nothing else may stand there.

Of Dovecot's answers some are explained: a standard, or what most of the seven parsers see,
decides against them. Each class of these has a rule in oracle_imap.py that recognises it by
itself; the document names the rule and lists the messages, and the two must agree.

Of malformed messages no content may be lost, and none is: what the others have as a leaf's
body is the body of one of ours, or a part of one. Of no message may there be fewer leaves,
without a reason in the document.

Standard library only. Arguments: ids of messages; then their differences are shown.
With --list all differences are printed as the document lists them."""
import base64
import collections
import hashlib
import json
import os
import pathlib
import quopri
import re
import sys

sys.dont_write_bytecode = True
from oracle_imap import (UNDECIDED, Message, imap_differences, inspected, plain_spec,
                         rules_of, text_of)  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
ENOUGH = 99.5  # per cent, of well-formed messages
# The same of answers that are equal to Dovecot's as they stand.
ENOUGH_RAW = {"envelope": 99.5, "bodystructure": 98.4}
ENOUGH_MALFORMED = 93.0


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


# ---- comparing -----------------------------------------------------------------------------

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


# ---- nothing is lost -------------------------------------------------------------------------

def digest(body):
    """nsha256"""
    return hashlib.sha256(body.replace(b"\r\n", b"\n").rstrip(b"\r\n")).hexdigest()


def decodings(lines):
    """What some lines may be with their transfer encoding undone."""
    text = b"".join(lines)
    yield text
    yield quopri.decodestring(text)
    try:
        yield base64.b64decode(text)
    except ValueError:
        pass


def is_within(area, wanted):
    """Whether some lines in a row are the body that is looked for."""
    lines = area.splitlines(keepends=True)
    return any(digest(body) in wanted
               for first in range(len(lines)) for last in range(first + 1, len(lines) + 1)
               for body in decodings(lines[first:last]))


def areas_of(raw, ours):
    """The octets from the begin of each of our bodies to that of the next."""
    starts = sorted(leaf["offset"] for leaf in ours["leaves"]) + [len(raw)]
    return [raw[a:b] for a, b in zip(starts, starts[1:])]


class Contents:
    """What became of the bodies that the seven parsers see in malformed messages."""
    OUTSIDE = "outside of our leaves"
    KINDS = ("equal", "part of one", "no two parsers agree on its body", OUTSIDE)

    def __init__(self):
        self.count = collections.Counter()

    def add(self, raw, ours, theirs):
        """Whether every content is in some leaf of ours."""
        left = collections.Counter(leaf["nsha256"] for leaf in ours["leaves"])
        all_there = True
        for leaf in theirs.get("leaves") or ():
            decided = {leaf["nsha256"], *(leaf.get("nsha256_other") or ())} - {None}
            wanted = decided or set(leaf.get("nsha256_variants") or ())
            found = next((h for h in wanted if left[h] > 0), None)
            if found:
                left[found] -= 1
                self.count["equal"] += 1
            elif any(is_within(area, wanted) for area in areas_of(raw, ours)):
                self.count["part of one"] += 1
            elif not decided and len(ours["leaves"]) >= theirs["n_leaves"]:
                self.count["no two parsers agree on its body"] += 1
            else:
                self.count[self.OUTSIDE] += 1
                all_there = False
        return all_there

    def show(self):
        print("contents of malformed messages:",
              ", ".join(f"{kind} {self.count[kind]}" for kind in self.KINDS))


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
        self.equal = collections.Counter()  # nothing explained, and nothing left out
        self.compared = collections.Counter()

    def add(self, aspect, agrees, rules=None):
        self.compared[aspect] += 1
        self.equal[aspect] += bool(agrees)
        if rules and UNDECIDED in rules:
            return
        self.all[aspect] += 1
        self.good[aspect] += bool(agrees or rules)
        self.explained[aspect] += bool(rules)

    def percent(self, aspect):
        return 100.0 * self.good[aspect] / self.all[aspect] if self.all[aspect] else 100.0

    def raw(self, aspect):
        all_ = self.compared[aspect]
        return 100.0 * self.equal[aspect] / all_ if all_ else 100.0

    def show(self, title):
        print(title + ":", ", ".join(
            f"{a} {self.percent(a):.2f} % ({self.good[a]}/{self.all[a]}" +
            (f", {self.explained[a]} of them explained)" if self.explained[a] else ")") +
            ("" if self.equal[a] == self.good[a] and self.compared[a] == self.all[a] else
             f", raw {self.raw(a):.2f} % ({self.equal[a]}/{self.compared[a]})")
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
    different, explained, few, lost, failures, contents = {}, {}, [], [], [], Contents()
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
                rules = rules_of(aspect, mine, other, Message(program, raw, ours, theirs))
                explained[aspect, name] = rules or set()
            scores[group].add(aspect, agrees, rules)
            if not agrees:
                different.setdefault((aspect, name), (mine, other))
        if kind == "malformed" and not contents.add(files[name].read_bytes(), ours, theirs):
            lost.append(name)
        if theirs.get("n_leaves") and len(ours["leaves"]) < theirs["n_leaves"]:
            few.append(name)

    for (aspect, name), (mine, other) in sorted(different.items()) if wanted else ():
        print(f"{aspect} {name} {explained.get((aspect, name), '')}\n  ours   {mine}\n"
              f"  theirs {other}")
    for group in sorted(scores):
        scores[group].show(group)
    contents.show()
    replaced = [sum("\ufffd" in dovecot[n][key] for n in files if n in dovecot)
                for key in ("envelope", "bodystructure")]
    print("answers of Dovecot with octets that the data has as U+FFFD, a run of them compared "
          f"as one: {replaced[0]} ENVELOPE, {replaced[1]} BODYSTRUCTURE; left out: none")
    if "--list" in sys.argv:
        print(json.dumps([[a, n, sorted(explained.get((a, n), ())), m, o]
                          for (a, n), (m, o) in sorted(different.items())]))
        print("lost:", lost, "fewer leaves:", few)
    if wanted or "--list" in sys.argv:
        return 0

    for aspect in ASPECTS:
        if scores["valid"].percent(aspect) < 100:
            failures.append(f"valid messages: {aspect} differs")
        if scores["well-formed"].percent(aspect) < ENOUGH:
            failures.append(f"well-formed messages: {aspect} below {ENOUGH} %")
        if scores["IMAP, well-formed"].percent(aspect) < ENOUGH:
            failures.append(f"IMAP, well-formed messages: {aspect} below {ENOUGH} %")
        if scores["IMAP, well-formed"].raw(aspect) < ENOUGH_RAW.get(aspect, 0):
            failures.append(f"IMAP, well-formed messages: {aspect}, nothing explained, below "
                            f"{ENOUGH_RAW[aspect]} %")
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
    failures += [f"content that others see is {contents.OUTSIDE}: {n}" for n in lost]
    failures += [f"fewer leaves than others see, and no reason given: {n}" for n in few
                 if ("tree", n) not in known]
    print(*failures, sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
