#!/usr/bin/env python3
"""IMAP into our server (mailproto-mailserver): Python's imaplib and lines of our own; in the
clear, by STARTTLS and with TLS from the first byte. Messages come byte for byte, flags,
copies, searches and IDLE do what they say, and the numbers are the same after a new start.
Other programs: test_imap_clients*.py.

Runs on free ports of loopback, in a temporary folder. Standard library only. Arguments:
names of tests."""
import concurrent.futures
import imaplib
import os
import poplib
import re
import smtplib
import socket
import sys
import time

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import Failure, check, message, own_messages, wait_for  # noqa: E402
from pop3peers import MailServer, in_maildir, many, same  # noqa: E402
from imappeers import (PASSWORD, Bare, ImapServer, bodies, files, need_imap, ok, settles,
                       trusting)  # noqa: E402

need_imap()
OWN = list(own_messages().values())


def start(folder, messages=None, *options, name="server"):
    server = ImapServer(folder / name, *options)
    server.put("alice", OWN if messages is None else messages)
    return server


def text(content):
    return content.replace(b"\r\n", b"\n")


# ---- imaplib -----------------------------------------------------------------------------

def test_imaplib_read(folder):
    server = start(folder)
    for how in ("clear", "starttls", "tls"):
        client = server.login(how)
        check(ok(client.select(readonly=how != "tls")) == [str(len(OWN)).encode()], how)
        for i, content in enumerate(OWN, 1):
            got = bodies(ok(client.fetch(str(i), "(BODY.PEEK[])")))
            same(got, [content], f"{how} {i}:")
            size = ok(client.fetch(str(i), "(RFC822.SIZE)"))[0]
            check(size == f"{i} (RFC822.SIZE {len(content)})".encode(), size)
        large = OWN[-1]
        got = bodies(ok(client.fetch(str(len(OWN)), "(BODY.PEEK[]<100000.50000>)")))
        same(got, [large[100000:150000]], "partial:")
        ok(client.fetch("1:*", "(ENVELOPE BODYSTRUCTURE UID FLAGS INTERNALDATE)"))
        client.logout()
    check(in_maildir(server.maildir("alice")) == OWN, "the files have changed")
    server.stop()


def test_imaplib_flags(folder):
    server = start(folder, OWN[:4])
    client = server.login("tls")
    ok(client.select())
    check(ok(client.store("2", "+FLAGS", r"(\Flagged $Work)"))[0] ==
          rb"2 (UID 2 FLAGS (\Flagged \Recent $Work))", "store")
    ok(client.fetch("1", "(BODY[])"))
    check(ok(client.search(None, "SEEN")) == [b"1"], "seen")
    check(ok(client.search(None, "KEYWORD", "$Work")) == [b"2"], "keyword")
    ok(client.store("3", "+FLAGS.SILENT", r"(\Deleted \Answered)"))
    names = files(server, "alice")
    check(sum(n.endswith(":2,F") for n in names) == 1 and
          sum(n.endswith(":2,S") for n in names) == 1 and
          sum(n.endswith(":2,RT") for n in names) == 1, names)
    check(ok(client.expunge()) == [b"3"], "expunge")
    settles(server, "alice", 3)
    ok(client.store("2", "FLAGS", "()"))
    check(ok(client.search(None, "UNFLAGGED", "UNKEYWORD", "$Work", "UNSEEN")) == [b"2 3"],
          "nothing is set")
    client.logout()
    server.stop()


def test_imaplib_append_copy_search(folder):
    server = start(folder, OWN[:3])
    client = server.login("starttls")
    ok(client.create("Arch/2026"))
    ok(client.create("'d.o.t'"))
    for i, content in enumerate(OWN):
        said = ok(client.append("Arch/2026", r"(\Seen)", '"01-Feb-2026 10:00:00 +0100"',
                                content))[0]
        check(re.match(rb"\[APPENDUID \d+ %d\]" % (i + 1), said), said)
    settles(server, "alice", len(OWN), ".Arch.2026")
    ok(client.select())
    said = ok(client.copy("1:3", "Arch/2026"))[0]
    check(b" 1:3 %d:%d]" % (len(OWN) + 1, len(OWN) + 3) in said, said)
    check(b"[TRYCREATE]" in client.copy("1", "None")[1][0], "copy to nowhere")
    ok(client.uid("MOVE", "2", "'d.o.t'"))
    settles(server, "alice", 2)
    settles(server, "alice", 1, ".'d&AC4-o&AC4-t'")
    ok(client.select("Arch/2026", readonly=True))
    got = bodies(ok(client.fetch(f"1:{len(OWN)}", "(BODY.PEEK[])")))
    same(got, OWN, "appended:")
    dates = ok(client.fetch("1", "(INTERNALDATE FLAGS)"))[0]
    check(b'"01-Feb-2026 10:00:00 +0100"' in dates and b"\\Seen" in dates, dates)
    everything = list(range(1, len(OWN) + 4))
    large = [i for i, m in enumerate(OWN + OWN[:3], 1) if len(m) > 5000]
    for keys, expected in ((("ALL",), everything), (("LARGER", "5000"), large),
                           (("SUBJECT", '"nothing"'), [7]),
                           (("NOT", "SEEN"), everything[-3:]),
                           (("ON", "1-Feb-2026"), everything[:-3]),
                           (("BODY", '"with a dot"'), [13]),
                           (("OR", "UID", "2", "UID", "4:5"), [2, 4, 5])):
        found = [int(x) for x in ok(client.search(None, *keys))[0].split()]
        check(found == expected, keys, found, expected)
    listed = sorted(ok(client.list()))
    check({x.split(b' "/" ')[1] for x in listed} ==
          {b"Arch", b"'d.o.t'", b"Arch/2026", b"INBOX"}, listed)
    ok(client.rename("Arch", "Old"))
    check(b"MESSAGES %d" % (len(OWN) + 3) in ok(client.status("Old/2026", "(MESSAGES)"))[0],
          "status")
    check(client.delete("Old")[0] == "NO", "it has mailboxes below")
    client.logout()
    server.stop()


# ---- lines of our own --------------------------------------------------------------------

def test_idle(folder):
    server = start(folder, OWN[:3])
    a, b = Bare(server.imap_port), Bare(server.imap_port)
    a.ok("SELECT INBOX")
    a.idle()
    b.ok("SELECT INBOX")
    b.ok(r"STORE 2 +FLAGS (\Flagged)")
    check(b"Flagged" in a.until(b"2 FETCH")[-1], "another session's flag")
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as c:
        c.sendmail("a@src.test", ["alice@mail.test"], message("a new one"))
    a.until(b"* 4 EXISTS")
    pop = poplib.POP3("127.0.0.1", server.port, timeout=60)
    pop.user("alice")
    pop.pass_(PASSWORD)
    pop.dele(1)
    pop.quit()
    a.until(b"* 1 EXPUNGE")
    check(a.done()[-1].startswith(b"I OK"), "done")
    said = b.ok("NOOP")
    check(b"* 1 EXPUNGE" in said and any(b"EXISTS" in x for x in said), said)
    # Not while message numbers are in use (RFC 9051 7.5.1).
    b.ok(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    b.ok("EXPUNGE")
    said = a.ask("FETCH 1:* (UID)")
    check(b"[EXPUNGEISSUED]" in said[-1] and not any(x.endswith(b"EXPUNGE") for x in said), said)
    check(b"* 1 EXPUNGE" in a.ok("NOOP"), "expunged later")
    a.close()
    b.close()
    server.stop()


def test_extensions(folder):
    server = start(folder, OWN[:5])
    c = Bare(server.imap_port)
    c.ok("CREATE Sent (USE (\\Sent))")
    c.ok("CREATE a/b")
    c.ok("SUBSCRIBE a/b")
    said = c.ok("LIST (SPECIAL-USE) \"\" *")
    check(len(said) == 2 and b"\\Sent" in said[0], said)
    said = c.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" %')
    check(len(said) == 2 and b"CHILDINFO" in said[0] and b" a" in said[0], said)
    said = c.ok('LIST "" (a* INBOX) RETURN (CHILDREN STATUS (MESSAGES UNSEEN))')
    check(b'* STATUS INBOX (MESSAGES 5 UNSEEN 5)' in said and len(said) == 7, said)
    said = c.ok('LSUB "" %')
    check(said[0] == b'* LSUB (\\Noselect) "/" a', said)
    c.ok('LIST "" ""')
    c.ok("SELECT INBOX")
    said = c.ok("SEARCH RETURN (MIN MAX COUNT ALL) 2:4")
    check(b"MIN 2 MAX 4 COUNT 3 ALL 2:4" in said[0], said)
    c.ok("SEARCH RETURN (SAVE) 2:3")
    check(len(c.ok("FETCH $ (UID)")) == 3, "saved")
    c.ok("UNSELECT")
    said = c.ok("ENABLE CONDSTORE")
    check(b"CONDSTORE" in said[0], said)
    c.ok("SELECT INBOX")
    said = c.ok("UID STORE 1 (UNCHANGEDSINCE 1) +FLAGS.SILENT (x)")
    check(b"[MODIFIED 1]" in said[-1], said)
    said = c.ok("STORE 1:2 +FLAGS.SILENT (x)")
    check(len(said) == 3 and all(b"MODSEQ" in x and b"FLAGS" not in x for x in said[:2]),
          said)
    modseq = int(re.search(rb"MODSEQ \((\d+)\)", said[1]).group(1))
    said = c.ok(f"FETCH 1:* (FLAGS) (CHANGEDSINCE {modseq - 1})")
    check(len(said) == 2 and said[0].startswith(b"* 2 "), said)
    said = c.ok("FETCH 1 (EMAILID THREADID SAVEDATE BINARY.SIZE[1])")
    check(b"EMAILID (E" in said[0] and b"THREADID NIL" in said[0], said)
    c.refused("FETCH 9 FLAGS", "BAD")
    c.refused("STORE 1 FLAGS \\Seen\\", "BAD")
    c.ok("UNSELECT")
    c.ok("ENABLE IMAP4rev2")
    c.ok("CREATE \"Gr\u00fc\u00dfe\"")
    said = c.ok('LIST "" Gr*')
    check("Gr\u00fc\u00dfe".encode() in said[0], said)
    check((server.maildir("alice") / ".Gr&APwA3w-e" / "cur").is_dir(), "the folder's name")
    # MULTIAPPEND and LITERAL+ in one packet, a command behind it.
    one, two = OWN[0], OWN[6]
    c.send(b"M APPEND INBOX {%d+}\r\n" % len(one) + one + b" (\\Draft) {%d+}\r\n" % len(two) +
           two + b"\r\nN NOOP\r\n")
    said = c.until(b"N OK")
    check(any(x.startswith(b"M OK [APPENDUID ") and b" 6:7]" in x for x in said), said)
    c.close()
    server.stop()


def made(client, name):
    """Creates a mailbox: its MAILBOXID (RFC 8474 4.1)."""
    said = client.ok(f"CREATE {name}")[-1]
    found = re.search(rb" OK \[MAILBOXID \((\S+)\)\] ", said)
    check(found, said)
    return found.group(1)


def listed(client, *more):
    lines = client.ok(" ".join(('LIST "" *', *more)))[:-1]
    return [x.rpartition(b' "/" ')[2].decode() for x in lines if x.startswith(b"* LIST ")]


def test_names(folder):
    """What is no name, and the one name that is always there."""
    server = start(folder, OWN[:1])
    maildir = server.maildir("alice")
    c = Bare(server.imap_port)
    # The index's own files stay out of the folders.
    c.ok("CREATE good/below")
    for name in ("mailproto-index/sqlite-journal", "mailproto-index", "mailproto-index/sqlite",
                 "mailproto-indexes/a/b"):
        check("[CANNOT]" in c.refused(f"CREATE {name}").decode(), name)
        check("[CANNOT]" in c.refused(f"RENAME good {name}").decode(), name)
        check("[CANNOT]" in c.refused(f"RENAME INBOX {name}").decode(), name)
        c.refused(f"SELECT {name}")
    (maildir / ".mailproto-index.sqlite-old" / "cur").mkdir(parents=True)
    for name in (".inbox", ".Inbox.x"):
        (maildir / name / "cur").mkdir(parents=True)
    c.ok("CREATE mailproto-inde/x")
    c.close()
    server.stop()
    server = server.again()
    c = Bare(server.imap_port)
    check(listed(c) == ["INBOX", "good", "good/below", "mailproto-inde", "mailproto-inde/x"],
          listed(c))
    # INBOX, alone and above others (RFC 9051 5.1).
    for name in ("inbox/", "Inbox", "INBOX/"):
        check(b"[ALREADYEXISTS]" in c.refused(f"CREATE {name}"), name)
        check(b"[ALREADYEXISTS]" in c.refused(f"RENAME good {name}"), name)
    said = c.ok("STATUS inbox/deep (MAILBOXID)")[0] if made(c, "Inbox/deep/") else None
    check(said.startswith(b"* STATUS INBOX/deep (MAILBOXID (M"), said)
    c.ok("RENAME iNbOx/deep inbox/Inbox")
    c.ok("SUBSCRIBE inboX/Inbox")
    check("INBOX/Inbox" in listed(c) and "Inbox" not in listed(c), listed(c))
    check((maildir / ".INBOX.Inbox" / "cur").is_dir(), "the folder's name")
    c.ok("UNSUBSCRIBE INBOX/Inbox")
    c.ok("DELETE inbox/Inbox")
    # Below a mailbox is what follows it, whatever stands before "/" in ASCII.
    for name in ("a-b", "a b/c", "a/b", "a.b/c", "a/b/c"):
        c.ok(f'CREATE "{name}"')
    check([x.strip('"') for x in listed(c)[1:8]] ==
          ["a", "a/b", "a/b/c", "a b", "a b/c", "a-b", "a.b"], listed(c))
    said = c.ok('LIST "" (a a/b a-b "a b" a.b a/b/c)')
    having = {x.rpartition(b' "/" ')[2].strip(b'"') for x in said if b"HasChildren" in x}
    check(having == {b"a", b"a/b", b"a b", b"a.b"}, said)
    c.close()
    server.stop()


def test_rename_all_or_none(folder):
    """A name that is too long for one of the mailboxes below leaves all as they are."""
    server = start(folder, OWN[:1])
    c = Bare(server.imap_port)
    for name in ("top/one", "top/" + "l" * 180, "top/z"):
        c.ok(f"CREATE {name}")
    c.ok("SUBSCRIBE top/one")
    c.ok("DELETE top/one")
    before, folders = listed(c), sorted(p.name for p in server.maildir("alice").iterdir())
    for name in ("n" * 100, "new/above/" + "n" * 60):
        check(b"[CANNOT]" in c.refused(f"RENAME top {name}"), name)
        check(listed(c) == before, listed(c), before)
        now = sorted(p.name for p in server.maildir("alice").iterdir())
        check(now == folders, now, folders)
    # The disk says no in the middle: what was done is taken back.
    blocked = server.maildir("alice") / ".other.z"
    (blocked / "x").mkdir(parents=True)
    c.refused("RENAME top other")
    check(listed(c) == before, listed(c), before)
    (blocked / "x").rmdir()
    c.ok("RENAME top other")
    check(listed(c) == [x.replace("top", "other") for x in before], listed(c))
    c.ok("RENAME other deep/er/top")
    check(listed(c)[1:4] == ["deep", "deep/er", "deep/er/top"], listed(c))
    c.close()
    server.stop()


def test_never_again(folder):
    """UIDVALIDITY and MAILBOXID of a mailbox that went are never another's (RFC 8474 4)."""
    server = start(folder, OWN[:1])
    c = Bare(server.imap_port)
    ids = [made(c, f"box{i}") for i in range(20)]  # ahead of the clock
    for i in range(3):
        c.ok("DELETE box19")
        c.ok(f"RENAME box{i} box19")
        check(ids[i] in c.ok("STATUS box19 (MAILBOXID)")[0], "it stays with the mailbox")
        ids.append(made(c, f"box{i}"))
        check(len(set(ids)) == len(ids), ids)
        if i == 1:
            c.close()
            server.stop()
            server = server.again()
            c = Bare(server.imap_port)
    order = [int(x[1:]) for x in ids]
    check(order == sorted(order), order)
    c.close()
    server.stop()


def test_kept(folder):
    """UIDs, UIDVALIDITY, keywords and mod-sequences after a new start."""
    server = start(folder, OWN[:5])
    c = Bare(server.imap_port)
    c.ok("CREATE box")
    c.ok("SELECT INBOX")
    c.ok("STORE 2 +FLAGS (\\Seen $Kept)")
    c.ok("UID MOVE 3 box")
    def state():
        said = c.ok("SELECT INBOX (CONDSTORE)")
        return ([x for x in said if b"UIDVALIDITY" in x or b"UIDNEXT" in x or
                 b"HIGHESTMODSEQ" in x], c.ok("FETCH 1:* (UID FLAGS MODSEQ)")[:-1],
                c.ok("STATUS box (UIDNEXT UIDVALIDITY MESSAGES)")[0])
    state()
    before = state()
    c.close()
    server.stop()
    (folder / "server" / "log").unlink()
    server = start(folder, [])
    c = Bare(server.imap_port)
    after = state()
    check(before == after, before, "then", after)
    c.close()
    server.stop()


def test_resync(folder):
    """QRESYNC (RFC 7162): what a client hears that was away."""
    server = start(folder, OWN[:8])
    c = Bare(server.imap_port)
    said = c.ok("ENABLE QRESYNC")
    check(b"QRESYNC" in said[0], said)

    def number(lines, what):
        return next(int(re.search(what + rb" (\d+)\]", x).group(1)) for x in lines
                    if what in x)
    said = c.ok("SELECT INBOX")
    validity, modseq = number(said, b"UIDVALIDITY"), number(said, b"HIGHESTMODSEQ")
    c.ok("STORE 1,4 +FLAGS (\\Deleted)")
    said = c.ok("EXPUNGE")
    check(b"* VANISHED 1" in said[0] + said[-2] and b"[HIGHESTMODSEQ " in said[-1], said)
    c.ok("STORE 2 +FLAGS (\\Flagged)")
    c.ok("UNSELECT")
    said = c.ok(f"SELECT INBOX (QRESYNC ({validity} {modseq}))")
    check(b"* VANISHED (EARLIER) 1,4" in said, said)
    changed = [x for x in said if b" FETCH " in x]
    check(len(changed) == 1 and b"UID 3" in changed[0] and b"\\Flagged" in changed[0] and
          b"MODSEQ" in changed[0], said)
    said = c.ok(f"UID FETCH 1:2 (FLAGS) (CHANGEDSINCE {modseq} VANISHED)")
    check(said[0] == b"* VANISHED (EARLIER) 1" and len(said) == 2, said)
    said = c.ok(f"UID FETCH 6:4,1:2,4 (FLAGS) (CHANGEDSINCE {modseq} VANISHED)")
    check(said[0] == b"* VANISHED (EARLIER) 1,4" and len(said) == 2, said)
    c.ok("SEARCH RETURN (SAVE) UID 3")
    said = c.ok(f"UID FETCH $ (FLAGS) (CHANGEDSINCE {modseq} VANISHED)")
    check(len(said) == 2 and b"UID 3" in said[0], said)
    c.ok("UNSELECT")
    said = c.ok(f"SELECT INBOX (QRESYNC ({validity} {modseq} 1:3))")
    check(b"* VANISHED (EARLIER) 1" in said, said)
    said = c.ok(f"SELECT INBOX (QRESYNC ({validity + 1} {modseq}))")
    check(not any(b"VANISHED" in x or b" FETCH " in x for x in said), said)
    c.close()
    server.stop()


def test_append_bounds(folder):
    """What one APPEND may hold; whatever is refused, nothing of it is stored."""
    server = start(folder, [], "--max-size", "2000")
    c = Bare(server.imap_port)
    c.send(b"E APPEND INBOX {5+}\r\nhello {0+}\r\n\r\n")
    check(c.until(b"E ")[-1].startswith(b"E NO"), "an empty message")  # RFC 3502 6.3.11
    one = b" {1000+}\r\n" + b"x" * 998 + b"\r\n"
    for tag, count, size in ((b"M", 200, b" {2+}\r\n\r\n"), (b"S", 8, one)):
        for more in (0, 1):
            c.send(tag + b" APPEND INBOX" + size * (count + more) + b"\r\n")
            said = c.until(tag + b" ")[-1]
            check(said.startswith(tag + (b" NO [LIMIT]" if more else b" OK [APPENDUID ")), said)
    check(b"(MESSAGES 208)" in c.ok("STATUS INBOX (MESSAGES)")[0], "stored")
    wait_for(lambda: not list((server.maildir("alice") / "tmp").iterdir()), "no drafts")
    c.close()
    server.stop()


def test_turns(folder):
    """One command about one large message: others are answered meanwhile."""
    line = b"cXFx" * 19 + b"\r\n"  # "q" only
    large = (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
             line * 130000)
    server = start(folder, [large])
    a, b = Bare(server.imap_port), Bare(server.imap_port)
    a.ok("SELECT INBOX")
    partials = " ".join(f"BINARY.PEEK[1]<{n * 1000}.3>" for n in range(7000, 6940, -1))
    keys = " ".join(f"NOT TEXT qqqqx{n}" for n in range(20)) + " TEXT qx"
    for command, wanted in ((f"FETCH 1 ({partials})", b"* 1 FETCH (BINARY[1]<7000000> "),
                            (f"SEARCH {keys}", b"* SEARCH")):
        a.send(f"L {command}\r\n")
        a.socket.setblocking(False)
        said, answers = b"", 0
        while not re.search(rb"\r\nL OK [^\r]*\r\n$", said):
            try:
                more = a.socket.recv(65536)
                check(more, "the connection ended:", said)
                said += more
            except BlockingIOError:
                b.ok("NOOP")
                answers += 1
        a.socket.settimeout(60)
        check(said.startswith(wanted), said)
        check(answers > 3, command[:40], answers)  # one or two if it were done in one go
        if wanted != b"* SEARCH":
            check(said.count(b"]<") == 60 and said.count(b"qqq") == 60, said)
    a.close()
    b.close()
    server.stop()


def test_login(folder):
    server = start(folder, OWN[:1])
    client = imaplib.IMAP4("localhost", server.imap_port, timeout=60)
    ok(client.authenticate("PLAIN", lambda _: b"\0alice\0" + PASSWORD.encode()))
    check(ok(client.select()) == [b"1"], "PLAIN")
    client.logout()
    client = imaplib.IMAP4("localhost", server.imap_port, timeout=60)
    ok(client.login_cram_md5("alice", PASSWORD))
    client.logout()
    # The fifth failure of a connection is its last.
    client = imaplib.IMAP4("localhost", server.imap_port, timeout=60)
    for _ in range(5):
        try:
            client.login("alice", "looking-glass")
            raise Failure("a wrong password")
        except imaplib.IMAP4.error as e:
            check("AUTHENTICATIONFAILED" in str(e) or isinstance(e, imaplib.IMAP4.abort), e)
    try:
        client.noop()
        raise Failure("it goes on")
    except (imaplib.IMAP4.abort, OSError):
        pass
    server.stop()
    server = MailServer(folder / "strict", "--imap", "127.0.0.1:0")
    port = int(re.search(r"IMAP on \S+:(\d+)$", server.log(), re.M).group(1))
    client = imaplib.IMAP4("localhost", port, timeout=60)
    check("LOGINDISABLED" in client.capabilities and
          not any(c.startswith("AUTH=") for c in client.capabilities), client.capabilities)
    try:
        client.login("alice", PASSWORD)
        raise Failure("a login in the clear")
    except imaplib.IMAP4.error as e:
        check("PRIVACYREQUIRED" in str(e), e)
    client.starttls(trusting())
    check("LOGINDISABLED" not in client.capabilities, client.capabilities)
    ok(client.login("alice", PASSWORD))
    client.logout()
    server.stop()


def test_large_commands(folder):
    server = start(folder, OWN[:5])
    c = Bare(server.imap_port)
    c.ok("SELECT INBOX")
    numbers = ",".join(str(i) for i in range(1, 8000, 2))  # larger than the engine's memory
    said = c.ok(f"UID FETCH {numbers} (UID)")
    check(len(said) == 4, said)
    names = " ".join(f"X-{i}" for i in range(128))
    said = c.ok(f"FETCH 1 (BODY.PEEK[HEADER.FIELDS.NOT ({names})])")
    check(b"Subject: A test" in said[0], said)
    c.refused("SEARCH " + "NOT " * 5000 + "ALL", "BAD")
    c.refused("NOOP " + "x" * 100000, "BAD")
    c.ok("NOOP")
    # A message over the limit is refused, and what follows is understood.
    c.send(b"L APPEND INBOX {99999999}\r\n")
    check(b"[TOOBIG]" in c.until(b"L ")[-1], "a large message")
    c.ok("NOOP")
    c.close()
    server.stop()


def test_end(folder):
    """Connections that break in the middle, a stop while clients wait, a kill."""
    server = start(folder)
    for said in ("B FETCH 1:* (BODY[])\r\n", "B IDLE\r\n", "B SEARCH BODY x\r\n",
                 "B APPEND INBOX {100000+}\r\nSubject: half\r\n\r\n", "B UID SE"):
        c = Bare(server.imap_port)
        c.ok("SELECT INBOX")
        c.send(said)
        c.socket.close()
    c, other = Bare(server.imap_port), Bare(server.imap_port)
    c.ok("SELECT INBOX")
    wait_for(lambda: not list((server.maildir("alice") / "tmp").iterdir()),
             "half a message to go")
    settles(server, "alice", len(OWN))
    c.idle()
    server.stop()
    check(c.line().startswith(b"* BYE") and other.line().startswith(b"* BYE"), "no BYE")
    # What was answered is there after a kill, with the same numbers.
    (folder / "server" / "log").unlink()
    server = start(folder, [])
    c = Bare(server.imap_port)
    c.send(b"A APPEND INBOX {%d+}\r\n" % len(OWN[0]) + OWN[0] + b"\r\n")
    uid = int(re.search(rb"APPENDUID \d+ (\d+)\]", c.until(b"A OK")[-1]).group(1))
    validity = c.ok("STATUS INBOX (UIDVALIDITY UIDNEXT)")[0]
    server.process.process.kill()
    server.process.process.wait()
    (folder / "server" / "log").unlink()
    server = start(folder, [])
    c = Bare(server.imap_port)
    check(c.ok("STATUS INBOX (UIDVALIDITY UIDNEXT)")[0] == validity, validity)
    c.ok("SELECT INBOX")
    check(OWN[0] in c.ok(f"UID FETCH {uid} (BODY.PEEK[])")[0], "the message is lost")
    c.close()
    server.stop()


def test_behind_its_back(folder):
    """Files with LF, files that other programs move, and messages that go while they are
    read."""
    server = start(folder, [text(OWN[0]), OWN[6], *[OWN[-1]] * 3])
    a, b = Bare(server.imap_port), Bare(server.imap_port)
    a.ok("SELECT INBOX")
    b.ok("SELECT INBOX")
    said = a.ok("FETCH 1 (RFC822.SIZE BODY.PEEK[])")[0]
    check(b"RFC822.SIZE %d " % len(OWN[0]) in said and OWN[0] in said, said)
    cur = server.maildir("alice") / "cur"
    path = sorted(cur.iterdir())[1]
    path.rename(cur / (path.name.partition(":")[0] + ":2,FS"))
    a.ok("STORE 2 +FLAGS (\\Answered)")
    said = a.ok("FETCH 2 (FLAGS)")[0]
    check(all(x in said for x in (b"Answered", b"Flagged", b"Seen")), said)
    # 1.7 million octets are on their way when they are removed.
    a.send(b"qq1 FETCH 1:* (FLAGS BODY.PEEK[])\r\n")
    said = [a.line()]  # the first one; the others are on their way
    b.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
    b.ok("EXPUNGE")
    settles(server, "alice", 0)
    said += a.until(b"qq1 ")
    whole = [x for x in said if b"BODY[] {" in x]
    check(said[-1].startswith((b"qq1 NO [EXPUNGEISSUED]", b"qq1 OK")) and len(whole) >= 1 and
          all(x.endswith(b")") for x in whole), said[-1], len(whole))
    said = a.ok("NOOP")
    check(sum(x.endswith(b" EXPUNGE") for x in said) == 5, said)
    a.close()
    b.close()
    server.stop()


def test_many_at_once(folder):
    messages, what = many(300)
    server = start(folder, messages)

    def read(number):
        client = server.login(("clear", "starttls", "tls")[number % 3])
        ok(client.select())
        got = []
        for i in range(0, len(messages), 50):
            got += bodies(ok(client.fetch(f"{i + 1}:{min(i + 50, len(messages))}",
                                          "(BODY.PEEK[])")))
        found = ok(client.search(None, "BODY", '"e"'))[0].split()
        ok(client.store(f"{number + 1}", "+FLAGS", f"(k{number})"))
        client.logout()
        return got, len(found)

    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        got = list(pool.map(read, range(8)))
    seconds = time.monotonic() - begun
    for content, found in got:
        same(content, messages)
        check(found == got[0][1] > 0, found)
    server.stop()
    return f"ok: 8 readers, {what} each, {seconds:.1f} s"


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(peers.main(globals()))
