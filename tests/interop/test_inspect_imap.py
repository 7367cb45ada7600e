#!/usr/bin/env python3
"""IMAP through mailproto-inspect: the modes imap-command, mutf7 and imap-server say of
commands, names and a conversation what docs/inspect.md promises; then, where the optional
data folder is, the first two the same of other projects' test vectors. What is judged
differently from these stands below, with the text that decides. And the defects that the
modes of fields' values and the mode message tell.

Standard library only."""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
SOURCE = pathlib.Path(__file__).resolve().parents[2]

FAILURES = []


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def find_program():
    if "MAILPROTO_INSPECT" in os.environ:
        return os.environ["MAILPROTO_INSPECT"]
    build = pathlib.Path(os.environ.get("MAILPROTO_BUILD", SOURCE / "build"))
    path = build / "examples" / "inspect" / "mailproto-inspect"
    if not path.exists():
        skip("mailproto-inspect is not built (MAILPROTO_EXAMPLES, jansson, OpenSSL)")
    return str(path)


PROGRAM = find_program()


def ask(inputs, *arguments):
    """The objects of a run with --lines."""
    lines = b"".join(base64.b64encode(i) + b"\n" for i in inputs)
    done = subprocess.run([PROGRAM, *arguments], input=lines, stdout=subprocess.PIPE,
                          timeout=120)
    out = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(out) != len(inputs):
        sys.exit(f"{arguments}: {len(out)} of {len(inputs)} answers, {done.returncode}")
    return out


def check(what, got, wanted):
    if got != wanted:
        FAILURES.append(what)
        print(f"{what}\n  is     {json.dumps(got)}\n  not    {json.dumps(wanted)}")


# ---- commands --------------------------------------------------------------------------------

def box(name, raw=False):
    return {"name": name, "raw": raw}


def section(item="BODY[]", what="", path=(), fields=(), partial=None, peek=False):
    return {"item": item, "section": what, "path": list(path), "fields": list(fields),
            "partial": partial, "peek": peek}


def fetch(numbers, items, changedsince=None, vanished=False):
    return {"set": numbers, "items": items, "changedsince": changedsince,
            "vanished": vanished}


def search(keys, charset=None, returns=None):
    return {"charset": charset, "return": returns, "keys": keys}


# Command, its name, its arguments. The tag is "t", CRLF is added.
VALID = [
    (b"capability", "CAPABILITY", {}),
    (b"STARTTLS", "STARTTLS", {}),
    (b"EXPUNGE", "EXPUNGE", {}),
    (b"uid expunge 3:5", "UID EXPUNGE", {"set": [[3, 5]]}),
    (b'LOGIN joe "a\\"b\\\\"', "LOGIN", {"name": "joe", "password": 'a"b\\'}),
    (b"LOGIN {3}\r\njoe {4+}\r\n\xff\r\n)", "LOGIN",
     {"name": "joe", "password": {"b64": "/w0KKQ=="}}),
    (b"AUTHENTICATE PLAIN", "AUTHENTICATE", {"mechanism": "PLAIN", "initial": None}),
    (b"AUTHENTICATE EXTERNAL =", "AUTHENTICATE", {"mechanism": "EXTERNAL", "initial": "="}),
    (b"ENABLE CONDSTORE X-A", "ENABLE", {"capabilities": ["CONDSTORE", "X-A"]}),
    (b"ID NIL", "ID", {"pairs": []}),
    (b'ID ("name" "x" "os" NIL)', "ID", {"pairs": ["name", "x", "os", None]}),
    (b"SELECT inbox", "SELECT",
     {"mailbox": box("INBOX"), "condstore": False, "qresync": None}),
    (b"EXAMINE &AOQ- (CONDSTORE)", "EXAMINE",
     {"mailbox": box("\u00e4"), "condstore": True, "qresync": None}),
    (b"SELECT x (QRESYNC (7 90 1:3,9 (1:2 4:5)))", "SELECT",
     {"mailbox": box("x"), "condstore": False,
      "qresync": {"uidvalidity": 7, "modseq": 90, "known": [[1, 3], [9, 9]],
                  "match_numbers": [[1, 2]], "match_uids": [[4, 5]]}}),
    (b"CREATE a&b", "CREATE", {"mailbox": box("a&b", True), "use": []}),
    (b"CREATE x (USE (\\Sent))", "CREATE", {"mailbox": box("x"), "use": ["\\Sent"]}),
    (b"RENAME x {3}\r\ny z", "RENAME", {"mailbox": box("x"), "target": box("y z")}),
    (b"DELETE x", "DELETE", {"mailbox": box("x")}),
    (b'LIST "" %', "LIST",
     {"reference": box(""), "patterns": [box("%")], "extended": False, "select": [],
      "return": [], "status": []}),
    (b'LIST (SUBSCRIBED RECURSIVEMATCH) "" ("a*" b) RETURN (CHILDREN STATUS (UNSEEN SIZE))',
     "LIST",
     {"reference": box(""), "patterns": [box("a*"), box("b")], "extended": True,
      "select": ["SUBSCRIBED", "RECURSIVEMATCH"], "return": ["CHILDREN", "STATUS"],
      "status": ["UNSEEN", "SIZE"]}),
    (b"LSUB x/ *", "LSUB", {"reference": box("x/"), "patterns": [box("*")]}),
    (b"STATUS x (MESSAGES UIDNEXT)", "STATUS",
     {"mailbox": box("x"), "items": ["MESSAGES", "UIDNEXT"]}),
    (b'APPEND x (\\Seen $k) " 1-Jan-2000 00:00:10 +0100" {4}\r\nab\r\n', "APPEND",
     {"mailbox": box("x"), "messages": [
         {"flags": ["\\Seen", "$k"], "date": {"unix": 946681210, "zone_minutes": 60},
          "message": "ab\r\n", "binary": False, "utf8": False}]}),
    (b"APPEND x ~{3}\r\na\x00b UTF8 (~{1}\r\nc)", "APPEND",
     {"mailbox": box("x"), "messages": [
         {"flags": [], "date": None, "message": "a\x00b", "binary": True, "utf8": False},
         {"flags": [], "date": None, "message": "c", "binary": True, "utf8": True}]}),
    (b"FETCH 5:2,*,4:* FAST", "FETCH",
     fetch([[2, 5], ["*", "*"], [4, "*"]],
           [{"item": "FLAGS"}, {"item": "INTERNALDATE"}, {"item": "RFC822.SIZE"}])),
    (b"uid fetch 1 (UID BODY.PEEK[1.2.HEADER.FIELDS (To \"X y\")]<2.30> BINARY[3] "
     b"BINARY.SIZE[] BODY[4.MIME] BODY[TEXT] RFC822) (CHANGEDSINCE 12 VANISHED)",
     "UID FETCH",
     fetch([[1, 1]],
           [{"item": "UID"},
            section(what="HEADER.FIELDS", path=(1, 2), fields=("To", "X y"),
                    partial=[2, 30], peek=True),
            section("BINARY[]", path=(3,)), section("BINARY.SIZE[]", peek=True),
            section(what="MIME", path=(4,)), section(what="TEXT"), {"item": "RFC822"}],
           12, True)),
    (b"STORE $ +FLAGS.SILENT (\\Deleted)", "STORE",
     {"set": "$", "store": "+FLAGS", "silent": True, "flags": ["\\Deleted"],
      "unchangedsince": None}),
    (b"UID STORE 1 (UNCHANGEDSINCE 0) FLAGS ()", "UID STORE",
     {"set": [[1, 1]], "store": "FLAGS", "silent": False, "flags": [],
      "unchangedsince": 0}),
    (b"COPY 1 x", "COPY", {"set": [[1, 1]], "mailbox": box("x")}),
    (b"UID MOVE 1:* {1}\r\nx", "UID MOVE", {"set": [[1, "*"]], "mailbox": box("x")}),
    (b"SEARCH ALL", "SEARCH", search([["ALL"]])),
    (b"SEARCH RETURN (MIN COUNT) CHARSET UTF-8 SUBJECT {2}\r\n\xc3\xa4 2:4", "SEARCH",
     search([["HEADER", "SUBJECT", "\u00e4"], ["NUMBERS", [[2, 4]]]], "UTF-8",
            ["MIN", "COUNT"])),
    (b"UID SEARCH OR (SEEN UID 1:2) NOT LARGER 10 UNKEYWORD k SENTSINCE 3-Mar-2020",
     "UID SEARCH",
     search([["OR", ["AND", ["FLAG", "\\Seen"], ["UID", [[1, 2]]]],
              ["NOT", ["LARGER", 10]]],
             ["NOT", ["KEYWORD", "k"]], ["SENTSINCE", "2020-03-03"]])),
    (b"SEARCH HEADER X-A \"\" MODSEQ 6 BODY b", "SEARCH",
     search([["HEADER", "X-A", ""], ["MODSEQ", 6, None, None], ["BODY", "b"]])),
    (b"XSOMETHING (a {2}\r\n)( b)", "XSOMETHING", {"text": "(a {2}\r\n)( b)"}),
]

# A command, and the octet at fault.
INVALID = [
    (b"t\r\n", 1),
    (b" t NOOP\r\n", 0),
    (b"t NOOP x\r\n", 6),
    (b"t FETCH 1 (FLAGS\r\n", 16),
    (b"t FETCH 0 FLAGS\r\n", 8),
    (b"t LOGIN a\r\n", 9),
    (b"t STATUS x ()\r\n", 12),
    (b"t SELECT {3}\r\nabc x\r\n", 18),
    (b"t SEARCH OR SEEN\r\n", 16),
]


def check_commands():
    units = [b"t " + command + b"\r\n" for command, _, _ in VALID]
    for unit, (command, name, args), got in zip(units, VALID,
                                                ask(units, "imap-command", "--lines")):
        check(f"command {command!r}", got,
              {"valid": True, "tag": "t", "command": name, "args": args, "error": None,
               "consumed": len(unit)})
    units = [unit for unit, _ in INVALID]
    for (unit, offset), got in zip(INVALID, ask(units, "imap-command", "--lines")):
        check(f"invalid {unit!r}",
              (got["valid"], got["args"], got["error"]["code"], got["error"]["offset"],
               got["consumed"]),
              (False, None, "MAILPROTO_ERR_SYNTAX", offset, len(unit)))


def check_ends():
    """What stands behind a command is not looked at, and what ends too early is told."""
    whole = b'a1 LOGIN {3}\r\nb{} "{9}\\"\\\\"\r\n'
    tails = [b"", b"x", b"\r\n", b"a2 NOOP\r\n", b"{5}\r\n", b'"']
    for tail, got in zip(tails, ask([whole + t for t in tails], "imap-command", "--lines")):
        check(f"tail {tail!r}", (got["valid"], got["consumed"]), (True, len(whole)))
    cut = [whole[:n] for n in range(len(whole))]
    for unit, got in zip(cut, ask(cut, "imap-command", "--lines")):
        check(f"cut {unit!r}", (got["valid"], got["consumed"], got["error"]),
              (False, 0, {"code": "MAILPROTO_AGAIN", "offset": len(unit),
                          "detail": "the command goes on"}))


def check_enabled():
    """Names are UTF-8 for who enabled it."""
    unit = "t SELECT \"&AOQ-\u00e4\"\r\n".encode()
    for enabled, name in ("none", box("&AOQ-\u00e4", True)), ("rev2", box("&AOQ-\u00e4")), \
            ("condstore,UTF8", box("&AOQ-\u00e4")):
        got, = ask([unit], "imap-command", "--enabled", enabled, "--lines")
        if enabled == "none":  # RFC 3501 4.3: octets above 127 have no place in quotes
            check("8 bits in quotes", got["valid"], False)
        else:
            check(f"enabled {enabled}", (got["args"] or {}).get("mailbox"), name)


def check_mutf7():
    pairs = [("", ""), ("a b", "a b"), ("&-", "&"), ("&AOQ-x", "\u00e4x"),
             ("&ZeVnLIqe-", "\u65e5\u672c\u8a9e"), ("&2D3cAA-", "\U0001f400")]
    coded = [a.encode() for a, _ in pairs]
    plain = [b.encode() for _, b in pairs]
    for pair, got in zip(pairs, ask(coded, "mutf7", "--lines")):
        check(f"mutf7 {pair[0]}", got, {"decoded": pair[1], "valid": True, "offset": None})
    for pair, got in zip(pairs, ask(plain, "mutf7", "--lines", "--encode")):
        check(f"mutf7 of {pair[1]}", got,
              {"encoded": pair[0], "valid": True, "offset": None})
    for text, got in zip([b"a&", b"&AOQ", b"\xc3\xa4"],
                         ask([b"a&", b"&AOQ", b"\xc3\xa4"], "mutf7", "--lines")):
        check(f"no mutf7 {text!r}", (got["decoded"], got["valid"]), (None, False))
        check(f"no mutf7 {text!r}: offset", isinstance(got["offset"], int), True)
    check("no UTF-8", ask([b"ab\xff"], "mutf7", "--lines", "--encode"),
          [{"encoded": None, "valid": False, "offset": 2}])


TALK = (b"a LOGIN u p\r\nb SELECT INBOX\r\nc UID FETCH 101:* (FLAGS BODY.PEEK[TEXT])\r\n"
        b"d STORE 2 +FLAGS.SILENT (\\Deleted)\r\ne SEARCH RETURN (ALL) OR DELETED TEXT hello\r\n"
        b"f EXPUNGE\r\ng APPEND inbox {3+}\r\nabc\r\nh LIST \"\" *\r\n"
        b"i STATUS inbox (MESSAGES)\r\nj FETCH 9 FLAGS\r\nk IDLE\r\nDONE\r\nl SELECT x\r\n"
        b"m LOGOUT\r\n")

REPLIES = rb"""a OK
* 3 EXISTS
b OK [READ-WRITE]
* 1 FETCH (UID 101 FLAGS (\\Seen) BODY[TEXT] {8}
* 3 FETCH (UID 103 FLAGS () BODY[TEXT] {6}
No end)
c OK
d OK
* ESEARCH (TAG "e") ALL 1:2
e OK
* 2 EXPUNGE
f OK
g OK
* LIST (
h OK
* STATUS INBOX (MESSAGES 2)
i OK
j BAD
+
k OK
l NO [NONEXISTENT]
* BYE
m OK
""".replace(rb"\\", b"\\").splitlines()

EVENTS = ["CONNECT", "COMMAND", "COMMAND", "COMMAND", "COMMAND", "COMMAND", "COMMAND", "LITERAL",
          "CONTENT", "CONTENT_END", "COMMAND", "COMMAND", "COMMAND", "REJECTED", "IDLE", "IDLE",
          "COMMAND", "CLOSED"]


def check_server():
    line = base64.b64encode(TALK)
    results = []
    for options in [], ["--chunk", "1"], ["--chunk", "7"]:
        done = subprocess.run([PROGRAM, "imap-server", "--lines", *options], input=line,
                              stdout=subprocess.PIPE, timeout=60)
        results.append(json.loads(done.stdout))
    check("imap-server --chunk 1", results[1], results[0])
    check("imap-server --chunk 7", results[2], results[0])
    told = results[0]
    check("imap-server: error", (told["error"], told["unread"], told.get("refused_calls")),
          (None, 0, None))
    check("imap-server: events", [e["type"].removeprefix("IMAP_") for e in told["events"]],
          EVENTS)
    check("imap-server: a command", told["events"][4].get("args"),
          {"set": [[2, 2]], "store": "+FLAGS", "silent": True, "flags": ["\\Deleted"],
           "unchangedsince": None})
    at = 0
    lines = base64.b64decode(told["output_b64"]).splitlines()
    for wanted in REPLIES:  # in this order; others may stand between them
        found = [i for i in range(at, len(lines)) if lines[i].startswith(wanted)]
        check(f"imap-server: {wanted!r} after line {at}", bool(found), True)
        at = found[0] + 1 if found else at


def said(commands, *options):
    """What imap-server says to the commands, which have the tags 1, 2, ..., behind the
    answer to the login; the same however it is cut."""
    talk = b"0 LOGIN u p\r\n" + b"".join(
        b"%d %s\r\n" % (n, c.encode()) for n, c in enumerate(commands, 1))
    name = str(commands[:20])
    results = []
    for cut in [], ["--chunk", "1"], ["--chunk", "7"]:
        told, = ask([talk], "imap-server", "--lines", *options, *cut)
        check(f"{name}: refused calls", told.get("refused_calls"), None)
        results.append(base64.b64decode(told["output_b64"]).decode())
    check(f"{name}: cut", results[1:], [results[0]] * 2)
    return results[0].split("\r\n0 OK ", 1)[1].splitlines()[1:]


def check_said(wanted, caps):
    """Pairs of a command and what stands in the answer, beginnings of lines, but for what
    SELECT and EXAMINE say before they are complete."""
    lines = said([command for command, _ in wanted], "--caps", caps)
    for tag, (command, answer) in enumerate(wanted, 1):
        end = next((i for i, line in enumerate(lines) if line.startswith(f"{tag} ")), -1)
        got, lines = lines[:end + 1], lines[end + 1:]
        if command.startswith(("SELECT", "EXAMINE")):
            got = [line for line in got
                   if line.startswith((f"{tag} ", "* VANISHED")) or " FETCH " in line]
        answer = [*answer[:-1], f"{tag} {answer[-1]}"]
        check(f"{tag} {command}: {got}",
              len(got) == len(answer) and
              all(line.startswith(a) for line, a in zip(got, answer)), True)
    check("the rest", lines, [])


def check_conditional():
    """RFC 7162 3.1: one mod-sequence a message, told, compared and searched for."""
    check_said([
        ("SELECT INBOX (CONDSTORE)", ["OK [READ-WRITE]"]),
        ("STORE 1 +FLAGS (\\Flagged)",
         ["* 1 FETCH (FLAGS (\\Flagged \\Seen) MODSEQ (2))", "OK STORE"]),
        ("SEARCH MODSEQ 1", ["* SEARCH 1 2 3 (MODSEQ 2)", "OK"]),
        ("SEARCH MODSEQ 3", ["* SEARCH", "OK"]),
        ("SEARCH RETURN (MAX) MODSEQ 1", ['* ESEARCH (TAG "5") MAX 3 MODSEQ 1', "OK"]),
        ("SEARCH RETURN (MIN MAX) MODSEQ 1",
         ['* ESEARCH (TAG "6") MIN 1 MAX 3 MODSEQ 2', "OK"]),
        ("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)",
         ["* 1 FETCH (UID 101 MODSEQ (2) FLAGS (\\Flagged \\Seen))", "OK"]),
        ("FETCH 1:3 UID (CHANGEDSINCE 2)", ["OK"]),
        ("STORE 1:3 (UNCHANGEDSINCE 1) +FLAGS.SILENT (\\Seen)",
         ["* 2 FETCH (MODSEQ (3))", "* 3 FETCH (MODSEQ (4))", "OK [MODIFIED 1] "]),
        ("STORE 2 +FLAGS.SILENT (\\Seen)", ["OK STORE"]),  # 3.1.11: it has it
        ("STORE 3 -FLAGS.SILENT (\\Seen)", ["* 3 FETCH (MODSEQ (5))", "OK STORE"]),
        ("UID STORE 1:* (UNCHANGEDSINCE 0) FLAGS ()", ["OK [MODIFIED 101:103] "]),
        ("UID STORE 101,103 (UNCHANGEDSINCE 5) FLAGS ()",
         ["* 1 FETCH (UID 101 FLAGS () MODSEQ (6))",
          "* 3 FETCH (UID 103 FLAGS () MODSEQ (5))", "OK STORE"]),
        ("FETCH 3 BODY[TEXT]<0.1>",
         ["* 3 FETCH (FLAGS (\\Seen) MODSEQ (7) BODY[TEXT]<0> {1}", "N)", "OK"]),
        ("STATUS INBOX (HIGHESTMODSEQ)", ["* STATUS INBOX (HIGHESTMODSEQ 7)", "OK"]),
    ], "IMAP4rev1,ESEARCH,CONDSTORE")
    check_said([  # nobody asked for mod-sequences
        ("SELECT INBOX", ["OK [READ-WRITE]"]),
        ("STORE 1 +FLAGS.SILENT (\\Draft)", ["OK STORE"]),
        ("STORE 1 -FLAGS (\\Draft)", ["* 1 FETCH (FLAGS (\\Seen))", "OK STORE"]),
        ("FETCH 1 (MODSEQ)",
         ["* OK [HIGHESTMODSEQ 3]", "* 1 FETCH (MODSEQ (3))", "OK FETCH"]),
    ], "IMAP4rev1,CONDSTORE")


def check_resync():
    """RFC 7162 3.2: what is gone, too."""
    check_said([
        ("ENABLE QRESYNC", ["* ENABLED QRESYNC", "OK"]),
        ("SELECT INBOX", ["OK [READ-WRITE]"]),
        ("STORE 3 +FLAGS.SILENT (\\Deleted)", ["* 3 FETCH (UID 103 MODSEQ (2))", "OK"]),
        ("EXPUNGE", ["* VANISHED 103", "OK [HIGHESTMODSEQ 3]"]),
        ("STORE 1 +FLAGS.SILENT (\\Draft)", ["* 1 FETCH (UID 101 MODSEQ (4))", "OK"]),
        ("UID FETCH 1:* FLAGS (CHANGEDSINCE 2 VANISHED)",
         ["* VANISHED (EARLIER) 103",
          "* 1 FETCH (UID 101 MODSEQ (4) FLAGS (\\Seen \\Draft))", "OK"]),
        ("UID FETCH 101:102 FLAGS (CHANGEDSINCE 4 VANISHED)", ["OK"]),
        ("SELECT INBOX (QRESYNC (1700000000 1))",
         ["* VANISHED (EARLIER) 103",
          "* 1 FETCH (UID 101 FLAGS (\\Seen \\Draft) MODSEQ (4))", "OK"]),
        ("SELECT INBOX (QRESYNC (1700000000 1 102:103))",
         ["* VANISHED (EARLIER) 103", "OK"]),
        ("SELECT INBOX (QRESYNC (1700000000 4))", ["OK"]),
        ("SELECT INBOX (QRESYNC (1 1))", ["OK"]),  # another UIDVALIDITY
    ], "IMAP4rev1,QRESYNC")


def check_resync_saved():
    """What is gone is not in `$` any more (RFC 9051 6.4.4.1): VANISHED of `$` has nothing."""
    check_said([
        ("ENABLE QRESYNC", ["* ENABLED QRESYNC", "OK"]),
        ("SELECT INBOX", ["OK [READ-WRITE]"]),
        ("UID SEARCH RETURN (SAVE) ALL", ["OK"]),
        ("STORE 3 +FLAGS.SILENT (\\Deleted)", ["* 3 FETCH (UID 103 MODSEQ (2))", "OK"]),
        ("EXPUNGE", ["* VANISHED 103", "OK [HIGHESTMODSEQ 3]"]),
        ("UID FETCH $ FLAGS (CHANGEDSINCE 1 VANISHED)", ["OK"]),
        ("UID FETCH $ FLAGS",
         ["* 1 FETCH (UID 101 FLAGS (\\Seen))", "* 2 FETCH (UID 102 FLAGS ())", "OK"]),
    ], "IMAP4rev1,QRESYNC,ESEARCH,SEARCHRES")


def check_read_only():
    """RFC 9051 6.3.3: EXAMINE changes nothing, and CLOSE removes nothing then."""
    refused = ["NO The mailbox is open for reading only"]
    check_said([
        ("SELECT INBOX", ["OK [READ-WRITE]"]),
        ("STORE 1 +FLAGS.SILENT (\\Deleted)", ["OK STORE"]),
        ("EXAMINE INBOX", ["OK [READ-ONLY]"]),
        ("STORE 2 +FLAGS (\\Deleted)", refused),
        ("FETCH 2 (BODY[1]<0.1> FLAGS)", ["* 2 FETCH (BODY[1]<0> {1}", "A FLAGS ())", "OK"]),
        ("EXPUNGE", refused),
        ("UID EXPUNGE 1:*", refused),
        ("CLOSE", ["OK CLOSE"]),
        ("STATUS INBOX (MESSAGES UNSEEN)", ["* STATUS INBOX (MESSAGES 3 UNSEEN 2)", "OK"]),
        ("SELECT INBOX", ["OK [READ-WRITE]"]),
        ("FETCH 2 (BODY[1]<0.1>)",
         ["* 2 FETCH (FLAGS (\\Seen) BODY[1]<0> {1}", "A)", "OK"]),
        ("CLOSE", ["OK CLOSE"]),
        ("STATUS INBOX (MESSAGES UNSEEN)", ["* STATUS INBOX (MESSAGES 2 UNSEEN 1)", "OK"]),
    ], "IMAP4rev1,UIDPLUS")


def check_saved():
    """RFC 5182: `$` is UIDs, or numbers, as the command has it."""
    check_said([
        ("SELECT INBOX", ["OK [READ-WRITE]"]),
        ("FETCH $ UID", ["OK"]),
        ("UID SEARCH RETURN (SAVE) SEEN", ["OK"]),
        ("FETCH $ UID", ["* 1 FETCH (UID 101)", "OK"]),
        ("SEARCH RETURN (ALL SAVE) NOT $", ['* ESEARCH (TAG "5") ALL 2:3', "OK"]),
        ("UID FETCH $ FLAGS",
         ["* 2 FETCH (UID 102 FLAGS ())", "* 3 FETCH (UID 103 FLAGS ())", "OK"]),
        ("STORE $ +FLAGS (\\Deleted)",
         ["* 2 FETCH (FLAGS (\\Deleted))", "* 3 FETCH (FLAGS (\\Deleted))", "OK"]),
        ("SEARCH RETURN (MAX SAVE) ALL", ['* ESEARCH (TAG "8") MAX 3', "OK"]),
        ("UID EXPUNGE $", ["* 3 EXPUNGE", "OK"]),
        ("SEARCH RETURN (COUNT) $", ['* ESEARCH (TAG "10") COUNT 0', "OK"]),
        ("SEARCH RETURN (MIN MAX COUNT SAVE) ALL",
         ['* ESEARCH (TAG "11") MIN 1 MAX 2 COUNT 2', "OK"]),
        ("SEARCH RETURN (COUNT) $", ['* ESEARCH (TAG "12") COUNT 2', "OK"]),
        ("SEARCH RETURN (SAVE) CHARSET x ALL", ["NO [BADCHARSET"]),
        ("FETCH $ UID", ["OK"]),
        ("SEARCH RETURN (SAVE) ALL", ["OK"]),
        ("EXAMINE INBOX", ["OK [READ-ONLY]"]),
        ("FETCH $ UID", ["OK"]),
    ], "IMAP4rev1,ESEARCH,SEARCHRES,UIDPLUS")


def check_pipelined():
    """Where answers wait for room, each search is done once all the same: neither what it
    found nor `$` comes twice."""
    for verb, numbers in ("SEARCH", (1, 3)), ("UID SEARCH", (101, 103)):
        found = " MIN {0} MAX {1} COUNT 3 ALL {0}:{1}".format(*numbers)
        searches = [f"{verb} RETURN (SAVE MIN MAX ALL COUNT) NOT $"] * 600
        lines = said(["SELECT INBOX", *searches], "--caps", "IMAP4rev1,ESEARCH,SEARCHRES",
                     "--lockstep", "none")
        begin = next(n for n, line in enumerate(lines) if line.startswith("1 OK ")) + 1
        uid = " UID" if verb.startswith("UID") else ""
        wanted = []
        for n in range(600):  # all of them, then none, and so on
            wanted.append(f'* ESEARCH (TAG "{n + 2}"){uid}{found if n % 2 == 0 else " COUNT 0"}')
            wanted.append(f"{n + 2} OK SEARCH completed")
        got = lines[begin:]
        different = [n for n, line in enumerate(wanted) if got[n:n + 1] != [line]]
        check(f"600 times {verb}", (different[:3], [got[n:n + 1] for n in different[:3]],
                                    len(got)), ([], [], len(wanted)))


def check_uids():
    """`*` is the message that is the last as the command comes (RFC 9051 9, seq-number);
    UIDs that are not there are no error (6.4.9)."""
    check_said([
        ("SELECT INBOX", ["OK [READ-WRITE]"]),
        ("STORE 1:3 +FLAGS.SILENT (\\Deleted)", ["OK STORE"]),
        ("UID EXPUNGE *", ["* 3 EXPUNGE", "OK"]),
        ("UID EXPUNGE 999", ["OK"]),
        ("UID EXPUNGE 999:*", ["* 2 EXPUNGE", "OK"]),
        ("FETCH 1:* UID", ["* 1 FETCH (UID 101)", "OK"]),
        ("UID COPY 999 INBOX", ["OK COPY"]), ("UID MOVE 102:103 INBOX", ["OK MOVE"]),
        ("COPY $ INBOX", ["OK COPY"]),
        ("UID COPY 999 x", ["NO COPY"]),  # 6.4.7: there is no such mailbox
        ("UID COPY 999:* INBOX", ["NO COPY"]), ("COPY 1 INBOX", ["NO COPY"]),
        ("UID STORE 1:* +FLAGS (\\Seen)",
         ["* 1 FETCH (UID 101 FLAGS (\\Deleted \\Seen))", "OK"]),
        ("UID EXPUNGE *", ["* 1 EXPUNGE", "OK"]),
        ("UID EXPUNGE *", ["OK"]), ("UID FETCH * FLAGS", ["OK"]),
        ("UID COPY * INBOX", ["OK COPY"]),
    ], "IMAP4rev1,ESEARCH,SEARCHRES,UIDPLUS,MOVE")


def check_open_end():
    """A connection that stays open in the middle of a command that grew: what was lent is
    given back (a build with LeakSanitizer sees it), and no end is told."""
    for octets in 1000, 9000, 20000, 40000:
        told, = ask([b"0 LOGIN u p\r\n1 SELECT INBOX\r\n2 SEARCH " + b"ALL " * (octets // 4)],
                    "imap-server", "--lines", "--no-eof")
        kinds = [e["type"] for e in told["events"]]
        check(f"{octets} octets of a command", (kinds[:3], "CLOSED" in kinds, told["error"]),
              (["IMAP_CONNECT", "IMAP_COMMAND", "IMAP_COMMAND"], False, None))
        check(f"{octets} octets: memory", kinds.count("NEED_MEMORY") > 0, octets > 8192)


def check_names():
    """LIST, STATUS, and identifiers."""
    root = ['* LIST (\\Noselect) "/" ""', "OK"]
    inbox = ['* LIST (\\HasNoChildren) "/" INBOX', "OK"]
    check_said([
        ('LIST "" ""', root), ('LIST INBOX ""', root), ('LIST "" *', inbox),
        ('LIST "" (INBOX "")', inbox), ('LIST "" ("")', ["OK"]),
        ('LIST (SPECIAL-USE) "" *', ["OK"]),
        ("STATUS INBOX (APPENDLIMIT MAILBOXID)",
         ["* STATUS INBOX (APPENDLIMIT 67108864 MAILBOXID (M1))", "OK"]),
        ("SELECT INBOX", ["OK"]),
        ("FETCH 2 (EMAILID THREADID)", ["* 2 FETCH (EMAILID (E2) THREADID (T2))", "OK"]),
        ("SEARCH EMAILID E3", ["* SEARCH 3", "OK"]),
    ], "IMAP4rev1,LIST-EXTENDED,SPECIAL-USE,APPENDLIMIT,OBJECTID")
    for limit, shown in ("5", "5"), ("18446744073709551615", "NIL"):
        check("--append-limit",
              said(["STATUS INBOX (APPENDLIMIT)"], "--append-limit", limit)[0],
              f"* STATUS INBOX (APPENDLIMIT {shown})")


def check_usage():
    def code(*arguments, stdin=b""):
        return subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True,
                              timeout=60).returncode
    check("no --lines", code("imap-command"), 2)
    check("--encode of another mode", code("imap-command", "--lines", "--encode"), 2)
    check("unknown word", code("imap-command", "--lines", "--enabled", "x"), 2)
    check("no base64", code("mutf7", "--lines", stdin=b"?\n"), 1)


# ---- other projects' vectors -------------------------------------------------------------------

# Judged differently here.
DEVIATIONS = {
    "imap/commands:e69c2a05e3":
        r"`\\Foo` is no flag: flag-extension is one backslash and an atom (RFC 9051 9)",
    "imap/commands:2cfe1b8ac6":
        "a space stands before the modifiers of STORE (RFC 4466 3, store-modifiers)",
    "imap/commands:1a23abde73": "ends with the announcement of a literal: goes on",
    "imap/commands:b06cc9740b": "ends with the announcement of a literal: goes on",
    "imap/encoded_forms:dd7d4d90fd":
        "a space stands before list-select-opts (RFC 5258 6, RFC 9051 9, list)",
    "imap/encoded_forms:1390a1aa8f":
        "a space stands before list-select-opts (RFC 5258 6, RFC 9051 9, list)",
    "imap/encoded_forms:00dce3702a":
        "unknown parameters of SELECT: BAD (RFC 4466 2.1 and its example)",
    "imap/encoded_forms:942db25b04":
        "RENAME has no parameters but of extensions that define some (RFC 4466 2.2): none",
    "imap/grammar:3c9c5a888e":
        "RENAME has no parameters but of extensions that define some (RFC 4466 2.2): none",
    "imap/grammar:8beed01922":
        "RENAME has no parameters but of extensions that define some (RFC 4466 2.2): none",
    "imap/grammar:f3807e148c":
        "SORT is not known yet: a command of an unknown extension, whose words are balanced",
    "imap/grammar:2431de38a0":
        "`123` may be a command of an extension: its name is an atom (RFC 3501 9, x-command)",
}

NUL = "NUL can be in no name: no string may hold it (RFC 3501 9, CHAR8; RFC 9051 4.3)"
NO_UTF8 = "octets that are no UTF-8 are refused, not replaced (RFC 3629 3)"
NO_VECTOR = "not an expectation of the encoder: the input is modified UTF-7 to be decoded"
MUTF7_DEVIATIONS = {
    "imap/mutf7:63cd72314c": NO_UTF8, "imap/mutf7:f51ecb4841": NO_UTF8,
    "imap/mutf7:44aea3dfb2": NO_UTF8, "imap/mutf7:5e105d56c0": NO_UTF8,
    "imap/mutf7:f92e0ef5c8": NO_VECTOR, "imap/mutf7:fc880d1556": NO_VECTOR,
    **dict.fromkeys(("imap/mutf7:" + i for i in (
        "18f68f91a5", "ad1e6fa385", "32315f8cee", "22096d70a2", "5b376aca24", "7aa9fba94e",
        "eec67b781a", "81148c9524", "c954cc0339", "7215309eaf", "f7ffe7a8db", "07c0665f4a",
        "55d76a31f1", "a40710503d")), NUL),
}


def rows(name, *kinds):
    with open(DATA / name, encoding="utf-8") as lines:
        return [row for row in map(json.loads, lines) if row["kind"] in kinds]


def vectors():
    """(id, octets, whether a command, octets behind it or None)."""
    for row in rows("commands.jsonl", "command", "command-sender", "command-parameters"):
        unit = base64.b64decode(row["input_b64"])
        rest = row["expected"].get("remainder")
        if row["kind"] != "command":  # without their tags
            unit = b"t " + unit.rstrip(b"\r\n") + b"\r\n"
        yield row["id"], unit, row["expected"]["valid"], rest
    for row in rows("encoded_forms.jsonl", "command"):
        yield (row["id"], b"t " + base64.b64decode(row["input_b64"]) + b"\r\n",
               row["expected"]["valid"], None)
    for row in rows("grammar.jsonl", "command", "taggedCommand"):
        tag = b"t " if row["kind"] == "command" else b""
        whole = row["expected"]["outcome"] == "success"  # up to, without, the line's end
        end = row["expected"]["terminator"].encode()
        end = b"\r\n" if whole or end == b"\r" else end
        yield row["id"], tag + base64.b64decode(row["input_b64"]) + end, whole, None


def settle(what, differing, listed, known):
    for name in sorted(differing - set(listed)):
        check(f"{what} {name}: judged differently", True, False)
    for name in sorted((set(listed) - differing) & known):
        check(f"{what} {name}: listed, and judged the same", True, False)


def check_vectors():
    every = list(vectors())
    differing = set()
    for (name, unit, valid, rest), got in zip(
            every, ask([row[1] for row in every], "imap-command", "--lines")):
        consumed = len(unit) - len(rest.encode()) if valid and rest is not None else None
        if got["valid"] != valid or consumed not in (None, got["consumed"]):
            differing.add(name)
    settle("vector", differing, DEVIATIONS, {row[0] for row in every})
    print(f"{len(every)} commands of other projects, {len(differing)} judged differently")

    differing = set()
    names = rows("mutf7.jsonl", "mutf7-decode")
    octets = [base64.b64decode(row["input_b64"]) for row in names]
    for row, got in zip(names, ask(octets, "mutf7", "--lines")):
        wanted = row["expected"]
        if (got["valid"] != wanted["valid"] or
                (wanted["valid"] and got["decoded"] != wanted["decoded"])):
            differing.add(row["id"])
    others = rows("mutf7.jsonl", "utf8->mutf7")
    octets = [base64.b64decode(row["input_b64"]) for row in others]
    for row, got in zip(others, ask(octets, "mutf7", "--lines", "--encode")):
        if got["encoded"] != row["expected"]["mutf7"]:
            differing.add(row["id"])
    settle("vector", differing, MUTF7_DEVIATIONS, {row["id"] for row in names + others})
    print(f"{len(names + others)} names of other projects, {len(differing)} differently")



def check_defects():
    """Values of fields: what their decoders saw is told too."""
    texts = {b"plain": [], b"=?utf-8?b?Zm9v!?= a": [("CHARACTER", 14)],
             b"x =?utf-8?q?=zz=0D?=": [("CHARACTER", 2), ("ESCAPE", 12)]}
    for text, got in zip(texts, ask(texts, "unstructured", "--lines")):
        check(text, got["defects"], [{"code": c, "offset": o} for c, o in texts[text]])
    values = {b"text/plain; charset=utf-8": [],
              b"text/plain; name*=utf-8''a%zz; x=a b; x=2":
                  [("PARAMETER_QUOTES", 34), ("PARAMETER_PERCENT", 26),
                   ("PARAMETER_TWICE", 38)],
              b"attachment; filename*0=a; filename*2=b": [("PARAMETER_GAP", 23)],
              b"attachment; filename*0*=utf-8''a; filename*1*=%ffb%0A":
                  [("PARAMETER_CHARSET", 46), ("CONTROL", 50)]}
    for value, got in zip(values, ask(values, "parameters", "--lines")):
        check(value, [(d["code"], d["offset"]) for d in got["defects"]], values[value])


def check_message():
    """A message: what its fields and bodies are told of stands behind what the parser says."""
    head = b"From: a@b\nDate: Thu, 1 Jan 1970 00:00:00 +0000\nMIME-Version: 1.0\n"
    leaf = b"Content-Transfer-Encoding: %s\nContent-Type: text/plain\n\n%s"
    messages = {
        head + b"\nbody": [],
        b"From: a@b\nDate: no date\n\n":
            [("DAY_NAME", "date", 16), ("TRAILING", "date", 19), ("DATE", "date", 23)],
        b"From: \"a\nDate: Thu, 1 Jan 1970 00:00:00 +0000\n\n":
            [("QUOTE_OPEN", "address-list", 6), ("NO_ADDRESS", "address-list", 6)],
        head + b"Subject: =?utf-8?q?=zz?=\n\n": [("ESCAPE", "unstructured", 84)],
        head + b"Message-ID: <a>\n\n": [("ID", "message-ids", 78)],
        head + b"Content-Disposition: inline; filename=a; filename=b\n\n":
            [("PARAMETER_TWICE", "parameters", 106)],
        head + b"Content-Disposition: inline; filename=a; filename*=utf-8''b\n\n":
            [("PARAMETER_BOTH", "parameters", 94)],
        head + b"Content-Type: text/plain; charset=a; charset=b\n\n":
            [("PARAMETER_TWICE", "parameters", 102)],
        head + leaf % (b"base64", b"YW!Jj"): [("CHARACTER", "body", 127)],
        head + leaf % (b"quoted-printable", b"a=zz"): [("ESCAPE", "body", 136)],
        head + leaf % (b"base64;", b"YWJj"): [("ENCODING", None, 0)],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.eml")
        for message, wanted in messages.items():
            pathlib.Path(path).write_bytes(message)
            done = subprocess.run([PROGRAM, "message", path], stdout=subprocess.PIPE,
                                  timeout=120, check=True)
            got = json.loads(done.stdout)["defects"]
            check(message.decode(), [(d["code"], d.get("of"), d["offset"]) for d in got],
                  wanted)


check_commands()
check_defects()
check_message()
check_ends()
check_enabled()
check_mutf7()
check_server()
check_conditional()
check_resync()
check_resync_saved()
check_read_only()
check_saved()
check_pipelined()
check_uids()
check_open_end()
check_names()
check_usage()
DATA = pathlib.Path(os.environ.get("MAILPROTO_DATA") or str(SOURCE.parent / "shared"))
DATA = DATA / "corpus" / "vectors" / "imap"
if (DATA / "commands.jsonl").exists():
    check_vectors()
else:
    print("left out: no data folder with corpus/vectors/imap (MAILPROTO_DATA)")
print(f"{len(FAILURES)} failures")
sys.exit(1 if FAILURES else 0)
