#!/usr/bin/env python3
"""The client (mailproto-fetch) from other people's POP3 servers: Dovecot, GNU mailutils,
Courier and Cyrus, with hundreds of messages, byte for byte: kept, visited again, deleted.

Runs on free ports of loopback, in a temporary folder. Standard library only. Arguments:
names of tests."""
import concurrent.futures
import re
import sys

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import Failure, Skip, check, same_messages, wait_for  # noqa: E402
from pop3peers import (USERS, WORK, Courier, Cyrus, Dovecot, Fetch, Mailutils, fill, generated,
                       many, same, secret_file)  # noqa: E402

PROGRAM = peers.find_program("mailproto-fetch")
_dovecot = []


def dovecot():
    """The one that tests share."""
    if not _dovecot:
        try:
            with peers.shared():
                _dovecot.append(Dovecot(WORK / "peer.dovecot", [
                    "many", "waits", "grows", "sizes", "mbox"]))
        except (Failure, Skip) as e:
            _dovecot.append(e)
    if isinstance(_dovecot[0], Exception):
        raise _dovecot[0]
    return _dovecot[0]


def visits(folder, port, messages, left, *options, without=None, **who):
    """Keep, again, delete, again: each message once and as it was. `left()`: how many the
    server has; `without`: takes away what the server added. The first visit's figures."""
    box = folder / "box"
    count = len(messages)
    without = without or (lambda content: content)
    first = Fetch(port, box, "--keep", *options, **who).expect(0, count, 0, count, 0)
    same(map(without, first.messages()), messages, "kept:")
    check(left() == count, "the server has", left(), "of", count)
    Fetch(port, box, "--keep", *options, **who).expect(0, count, count, 0, 0)
    check(len(first.messages()) == count, "came twice:", len(first.messages()))
    Fetch(port, box, "--delete", *options, **who).expect(0, count, count, 0, 0).said(
        f"committed: the server has deleted {count}")
    wait_for(lambda: left() == 0, "the server to delete them")
    Fetch(port, box, "--delete", *options, **who).expect(0, 0, 0, 0, 0)
    same(map(without, first.messages()), messages, "deleted:")
    return f"{sum(map(len, messages))} octets in {first.seconds:.2f} s"


def pipelined(fetch):
    lines = fetch.errors.splitlines()
    return any(a.startswith("C: RETR") and b.startswith("C: ")
               for a, b in zip(lines, lines[1:]))


# ---- Dovecot -----------------------------------------------------------------------------

def test_dovecot(folder):
    """Hundreds of messages by STLS, pipelined, and one command at a time."""
    server = dovecot()
    messages, what = many(700)
    notes = []
    for user, options in (("many", []), ("waits", ["--no-pipelining", "--tls", "implicit"])):
        server.put(user, messages)
        (folder / user).mkdir()
        port = server.tls_port if "implicit" in options else server.port
        notes.append(visits(folder / user, port, messages, lambda u=user: len(server.left(u)),
                            *options, user=user, secret=USERS["alice"]))
    return f"ok: {what}, {notes[0]}; in lock-step {notes[1]}"


def test_dovecot_ways_in(folder):
    """TLS in each way, and none; USER and PASS, APOP; what must not happen."""
    server = dovecot()
    own = generated(14)
    server.put("bob", own)
    secret = USERS["bob"]
    for i, (port, options, said) in enumerate((
            (server.port, [], "C: STLS"),
            (server.port, ["--tls", "if-offered"], "C: STLS"),
            (server.tls_port, ["--tls", "implicit"], "C: AUTH"),
            (server.port, ["--tls", "none", "--insecure"], "C: AUTH SCRAM-SHA-256 "),
            (server.port, ["--tls", "none", "--insecure", "--apop"], "C: APOP "),
            (server.tls_port, ["--tls", "implicit", "--apop"], "C: APOP "))):
        f = Fetch(port, folder / f"box{i}", "--verbose", *options, user="bob")
        f.expect(0, 14, 0, 14, 0).said(said)
        check(pipelined(f), "not pipelined:", f.errors[:2000])
        same(f.messages(), own, str(options))
        for spelled in (secret, "fed1ce1e"):
            check(spelled not in f.errors, "a secret in the log")
    f = Fetch(server.port, folder / "lockstep", "--verbose", "--no-pipelining", user="bob")
    f.expect(0, 14, 0, 14, 0)
    check(not pipelined(f), "pipelined:", f.errors[:2000])
    # A wrong password; a certificate for somebody else, or of nobody we know.
    f = Fetch(server.port, folder / "wrong", user="bob", secret="looking-glass")
    f.expect(2).said("authentication: ")
    check(not f.messages(), "fetched something")
    f = Fetch(server.port, folder / "other", "--cafile",
              peers.certificates().other_ca, "--verbose", user="bob").expect(2)
    check("C: AUTH" not in f.errors and "C: USER" not in f.errors, f.errors)
    for options in ([], ["--mechanism", "PLAIN"], ["--mechanism", "SCRAM-SHA-256"],
                    ["--apop"]):
        f = Fetch(server.port, folder / "clear", "--tls", "none", "--verbose", *options,
                  user="bob").expect(2).said("NEEDS_TLS")
        check("C: AUTH" not in f.errors and "C: USER" not in f.errors and
              "C: APOP" not in f.errors, f.errors)
    check(len(server.left("bob")) == 14, "something was deleted")


def test_dovecot_grows(folder):
    """New mail between visits; what was deleted elsewhere; a box that somebody else reads."""
    server = dovecot()
    who = {"user": "grows", "secret": USERS["alice"]}
    box = folder / "box"
    all_of_it = generated(90)
    place = server.put("grows", all_of_it[:30])
    Fetch(server.port, box, **who).expect(0, 30, 0, 30, 0)
    fill(place, all_of_it[30:60], peers.USER, begin=1800000000)
    Fetch(server.port, box, **who).expect(0, 60, 30, 30, 0)
    gone = sorted(p for f in ("new", "cur") for p in (place / f).glob("17000000*"))[:10]
    for path in gone:
        path.unlink()
    fill(place, all_of_it[60:], peers.USER, begin=1900000000)
    f = Fetch(server.port, box, "--delete", **who).expect(0, 80, 50, 30, 0)
    f.said("committed: the server has deleted 80")
    same(f.messages(), all_of_it)
    check(not server.left("grows"), "left:", len(server.left("grows")))


def test_dovecot_sizes(folder):
    """The largest stay, and are said to; all the others come."""
    server = dovecot()
    large = peers.message("\n".join("z" * 70 for _ in range(20000)))
    others = generated(20)
    server.put("sizes", others[:10] + [large] + others[10:])
    who = {"user": "sizes", "secret": USERS["alice"]}
    f = Fetch(server.port, folder / "box", "--max-size", "400000", "--delete", **who)
    check(f.code == 1 and f.counts[2:] == (20, 1), f.code, f.counts, f.errors[-2000:])
    same(f.messages(), others)
    wait_for(lambda: len(server.left("sizes")) == 1, "only the large one")
    Fetch(server.port, folder / "box", "--delete", **who).expect(0, 1, 0, 1, 0)
    same(f.messages(), [*others, large])


def test_dovecot_mbox(folder):
    """Into an mbox file: Python's mailbox module reads what was sent."""
    server = dovecot()
    messages = generated(60)
    messages.append(peers.message("From here\n>From there\n>>From\nFromage\n"))
    server.put("mbox", messages)
    code, out, errors = peers.run(
        [PROGRAM, "--server", f"localhost:{server.port}", "--user", "mbox",
         "--password-file", secret_file(USERS["alice"]), "--cafile",
         peers.certificates().ca, "--mbox", folder / "m"])
    check(code == 0, code, out, errors)
    text = (folder / "m").read_bytes()
    parts = re.split(rb"(?:^|\n)From [^\n]*\n", text)[1:]
    got = [re.sub(rb"^>(>*From )", rb"\1", p, flags=re.M).replace(b"\n", b"\r\n")
           for p in parts]
    check(len(got) == len(messages), len(got), "in the mbox file, not", len(messages))
    same([g.rstrip(b"\r\n") for g in got], [m.rstrip(b"\r\n") for m in messages], "mbox:")


# ---- GNU mailutils -----------------------------------------------------------------------

def without_uidl(content):
    """Without the field that it keeps its unique-ids in, at the end of the header."""
    head, separator, body = content.partition(b"\r\n\r\n")
    return re.sub(rb"\r\nX-UIDL: [^\r]*\Z", b"", head) + separator + body


def test_mailutils(folder):
    """An mbox file behind it: messages that an mbox cannot hold are left out, and the
    fields that it adds."""
    messages, what = many(400, strict=True)
    # It writes each header anew, `Name: text`, and keeps its own fields there.
    ordinary = re.compile(rb"(?:(?!status|x-uid|x-imap)[!-9;-~]+: [!-~][^\r]*\r\n"
                          rb"(?:[ \t]+[!-~][^\r]*\r\n)*)+\r\n", re.I)
    messages = [m for m in messages if ordinary.match(m) and
                not re.search(rb"^>*From ", m, re.M)]
    server = Mailutils(folder / "peer")
    server.put(messages)
    note = visits(folder, server.port, messages, server.left, user=server.user,
                  secret=server.secret, without=without_uidl)
    server.put(messages[:20])
    box = folder / "clear"
    Fetch(server.port, box, "--tls", "none", user=server.user,
          secret=server.secret).expect(2)  # no password in the clear
    f = Fetch(server.port, box, "--tls", "none", "--insecure", "--verbose", user=server.user,
              secret=server.secret).expect(0).said("C: USER", "C: PASS")
    same(map(without_uidl, f.messages()), messages[:20])
    return f"ok: {what}, {len(messages)} of them, {note}"


# ---- Courier -----------------------------------------------------------------------------

def test_courier(folder):
    server = Courier(folder / "peer")
    messages, what = many(400)
    # It puts a CR before each LF, whatever was there.
    server.put([m.replace(b"\r\n", b"\n") for m in messages])
    clear = ["--tls", "none", "--insecure"]
    try:
        note = visits(folder, server.port, messages, lambda: len(server.left()), *clear)
    finally:
        server.stop()
    return f"ok: {what}, {note}"


# ---- Cyrus -------------------------------------------------------------------------------

def test_cyrus(folder):
    """It puts fields above what came in by LMTP, and those into it that it misses."""
    messages, what = many(1500, strict=True)
    messages = [m for m in messages if all(re.search(
        rb"^" + name + rb": *[!-~]", m.partition(b"\r\n\r\n")[0], re.M | re.I)
        for name in (b"date", b"from", b"message-id")) and
        not re.match(rb"(?:.*\n)?return-path:", m.partition(b"\r\n\r\n")[0], re.S | re.I)]
    server = Cyrus(folder / "peer")
    server.put("alice", messages)
    count, box = len(messages), folder / "box"
    # It offers -PLUS too and knows no binding of TLS 1.3 that others know: bound logins
    # fail, and a client that was offered them takes no weaker one, unless it is told to.
    scram = ["--mechanism", "SCRAM-SHA-256"]
    first = Fetch(server.port, box, "--verbose", *scram).expect(0, count, 0, count, 0)
    check("C: AUTH SCRAM-SHA-256 " in first.errors and pipelined(first), first.errors[:2000])
    added = re.compile(rb"^X-(?:Sieve|Cyrus-Session-Id): [^\r]*\r\n", re.M)
    stored = []
    for content in first.messages():
        head, separator, body = content.partition(b"\r\n\r\n")
        stored.append(added.sub(b"", head + b"\r\n")[:-2] + separator + body)
    same_messages(stored, messages)
    Fetch(server.port, box, *scram).expect(0, count, count, 0, 0)
    Fetch(server.port, box, "--delete", *scram).expect(0, count, count, 0, 0).said(
        f"committed: the server has deleted {count}")
    Fetch(server.port, box, "--delete", *scram).expect(0, 0, 0, 0, 0)
    check(len(first.messages()) == count, "came twice")
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")
    for mechanism in mechanisms:
        Fetch(server.port, box, "--mechanism", mechanism).expect(0, 0, 0, 0, 0)
    with concurrent.futures.ThreadPoolExecutor(5) as pool:  # it lets them wait
        for f in list(pool.map(lambda m: Fetch(server.port, folder / m, "--mechanism", m,
                                               secret="wrong"), mechanisms)):
            f.expect(2).said("authentication: ")
    return f"ok: {what}, {count} of them, {first.seconds:.2f} s"


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
