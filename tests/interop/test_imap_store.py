#!/usr/bin/env python3
"""The store of our server (mailproto-mailserver) below IMAP: large mailboxes do not hold up
the others; what is answered is on the disk; a server that was killed in the middle of COPY,
MOVE, EXPUNGE, DELETE or RENAME leaves nothing half done; other programs at the same files.

Runs on free ports of loopback, in a temporary folder. Standard library only; strace shows
what is waited for, where it is installed. Arguments: names of tests."""
import os
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import Skip, check, message, wait_for  # noqa: E402
from pop3peers import fill  # noqa: E402
from imappeers import Bare, ImapServer, files, need_imap, settles  # noqa: E402

need_imap()
MANY = 20000


def value(lines, what):
    return int(next(re.search(what + rb" (\d+)", x).group(1) for x in lines if what in x))


def listed(client):
    lines = client.ok('LIST "" *')[:-1]
    return [x.rpartition(b' "/" ')[2].decode() for x in lines]


def uids(client):
    return [int(re.search(rb"UID (\d+)", x).group(1))
            for x in client.ok("UID FETCH 1:* (UID)")[:-1]]


def large(server, count, folder="cur", letters=""):
    """A mailbox of small messages, all names of one file."""
    maildir = fill(server.maildir("alice"), [])
    one = server.folder / "one"
    one.write_bytes(message("one of many"))
    for i in range(count):
        name = f"{1700000000 + i}.M{i}P1.peer.test" + (f":2,{letters}" if folder == "cur" else "")
        os.link(one, maildir / folder / name)
    return maildir


def meanwhile(a, b, command):
    """Asks `a`, and how many answers `b` has before it."""
    a.send(f"L {command}\r\n")
    a.socket.setblocking(False)
    said, answers = b"", 0
    while not re.search(rb"(^|\r\n)L (OK|NO|BAD) [^\r]*\r\n$", said):
        try:
            more = a.socket.recv(1 << 20)
            check(more, "the connection ended:", said[-200:])
            said += more
        except BlockingIOError:
            b.ok("NOOP")
            answers += 1
    a.socket.settimeout(60)
    check(b"\r\nL OK" in b"\r\n" + said, command, said[-200:])
    return said, answers


# ---- the others' turn --------------------------------------------------------------------

def test_large_mailbox(folder):
    """What concerns 20,000 messages is done some at a time; a NOOP of another session is
    answered again and again before it has come to its end."""
    server = ImapServer(folder / "server")
    large(server, MANY, "new")
    a, b = Bare(server.imap_port), Bare(server.imap_port)
    b.ok("CREATE Other")
    half = MANY // 2
    told = []
    for command, least in (("SELECT INBOX", 3), (f"COPY 1:{half} Other", 3),
                           (f"MOVE 1:{half} Other", 3),
                           ("STORE 1:* +FLAGS.SILENT (\\Deleted)", 3), ("EXPUNGE", 3),
                           ("UNSELECT", 0), ("SELECT Other", 0),
                           ("STORE 1:* +FLAGS.SILENT (\\Deleted)", 3), ("CLOSE", 3),
                           (f"STATUS Other (MESSAGES UIDNEXT)", 0)):
        said, answers = meanwhile(a, b, command)
        check(answers >= least, command, "and only", answers, "answers before it")
        told.append(answers)
        if command == "SELECT INBOX":
            check(b"* %d EXISTS" % MANY in said, said)
        elif "COPY" in command or "MOVE" in command:
            check(re.search(rb"COPYUID \d+ 1:%d " % half, said), said[-300:])
        elif command == "EXPUNGE":
            check(said.count(b" EXPUNGE\r\n") == half, said.count(b" EXPUNGE\r\n"))
    check(b"(MESSAGES 0 UIDNEXT %d)" % (MANY + 1) in said, said)
    check(files(server, "alice") == files(server, "alice", ".Other") == [], "files are left")
    a.close()
    b.close()
    server.stop()
    # From the index, when nobody has it open.
    server = server.again()
    a = Bare(server.imap_port)
    check(b"MESSAGES 0 " in a.ok("STATUS INBOX (MESSAGES UIDNEXT)")[0], "messages are back")
    a.close()
    server.stop()
    return f"ok: {told} answers"


def test_opened_from_the_index(folder):
    """The same of a mailbox that the index knows, and of one that another program empties."""
    server = ImapServer(folder / "server")
    maildir = large(server, MANY)
    a = Bare(server.imap_port)
    a.ok("SELECT INBOX")
    a.close()
    server.stop()
    server = server.again()
    a, b = Bare(server.imap_port), Bare(server.imap_port)
    said, answers = meanwhile(a, b, "SELECT INBOX")
    check(answers >= 2 and b"* %d EXISTS" % MANY in said, answers, said)
    shutil.rmtree(maildir / "cur")
    (maildir / "cur").mkdir()
    (maildir / "cur" / "1.keeps:2,S").write_bytes(message("the only one"))
    said, answers = meanwhile(a, b, "NOOP")
    check(answers >= 2, "only", answers)
    check(said.count(b" EXPUNGE\r\n") == MANY and b"* 1 EXISTS" in said, said[-200:])
    a.close()
    b.close()
    server.stop()


def test_new_mail_while_it_is_read(folder):
    """NOOP tells of what was delivered before it, whoever is reading the folder already; and
    what is read does not undo what another session has set meanwhile."""
    server = ImapServer(folder / "server")
    maildir = large(server, 5000)
    a, b = Bare(server.imap_port), Bare(server.imap_port)
    a.ok("SELECT INBOX")
    b.ok("SELECT INBOX")
    count = 5000
    for i in range(30):
        sign = "+" if i % 10 == 5 else "-"
        a.send(f"R STORE 1:* {sign}FLAGS.SILENT (\\Flagged)\r\n" if i % 5 == 0 else "R NOOP\r\n")
        (maildir / "tmp" / f"x{i}").write_bytes(message(str(i)))
        (maildir / "tmp" / f"x{i}").rename(maildir / "new" / f"{1800000000 + i}.x{i}.peer.test")
        count += 1
        said = b.ok("NOOP")
        check(b"* %d EXISTS" % count in said, i, said)
        while i % 5 == 0 and select.select([a.socket], [], [], 0)[0] == []:
            b.ok("NOOP")
        a.until(b"R OK")
        if i % 5 == 0:
            found = b.ok("SEARCH FLAGGED")[0].split()[2:]
            # Of the two that came last the STORE may not have known.
            fits = count - 2 <= len(found) <= count if sign == "+" else not found
            check(fits, i, len(found))
    a.close()
    b.close()
    server.stop()


# ---- what is on the disk -----------------------------------------------------------------

class Traced:
    """What a server waits for and writes, as strace has it."""
    def __init__(self, server, path):
        if not shutil.which("strace"):
            raise Skip("strace is not installed")
        self.path = path
        self.strace = subprocess.Popen(
            ["strace", "-f", "-y", "-s", "60", "-e",
             "trace=fsync,fdatasync,write,sendto,rename,link,unlink", "-o", path, "-p",
             str(server.process.process.pid)], stderr=subprocess.PIPE, text=True)
        line = self.strace.stderr.readline()
        if "attached" not in line:
            raise Skip("strace cannot attach: " + line.strip())

    def stop(self):
        self.strace.send_signal(signal.SIGINT)
        self.strace.communicate()
        return self.path.read_text(errors="replace").splitlines()


def test_synced(folder):
    """The files of an APPEND, then their names, then the index, then the answer; each folder
    once, whatever the number of messages. COPY needs no file."""
    server = ImapServer(folder / "server")
    server.put("alice", [message(str(i)) for i in range(40)])
    c = Bare(server.imap_port)
    c.ok("SELECT INBOX")
    c.ok("CREATE Other")
    for count, command in ((1, "APPEND"), (30, "APPEND"), (40, "COPY")):
        traced = Traced(server, folder / "trace")
        if command == "APPEND":
            text = message("x")
            c.send(b"S APPEND Other" + b" {%d+}\r\n%s" % (len(text), text) * count + b"\r\n")
        else:
            c.send(f"S COPY 1:{count} Other\r\n")
        check(c.until(b"S ")[-1].startswith(b"S OK"), "no answer")
        lines = traced.stop()

        def places(what):
            return [i for i, x in enumerate(lines) if re.search(what, x)]
        synced = places(r"fsync\(\d+<[^>]*/tmp/[^>/]+>")
        named = places(r"fsync\(\d+<[^>]*/tmp>")
        index = places(r"(fsync|fdatasync)\(\d+<[^>]*sqlite-wal>")
        in_cur = places(r'rename\(.*/tmp/.*/cur/')
        answer = places(r"S OK")
        check(len(synced) == (count if command == "APPEND" else 0), command, len(synced))
        check(len(named) == len(answer) == 1 and 0 < len(index) < 4 and len(in_cur) == count,
              command, len(named), len(index), len(answer), len(in_cur))
        check(max(synced, default=-1) < named[0] < index[0] and
              index[-1] < min(in_cur) < answer[0], command, synced[-1:], named, index, answer)
    c.close()
    server.stop()


# ---- killed in between -------------------------------------------------------------------

def seen_in(client, box):
    return value(client.ok(f"STATUS {box} (MESSAGES)"), b"MESSAGES")


def test_killed_in_the_middle(folder):
    """COPY: all or nothing. MOVE and EXPUNGE: each message as it was, or as it was to be."""
    count = 10000
    server = ImapServer(folder / "server")
    large(server, count)
    b = Bare(server.imap_port)
    # A COPY that a stop ends is none.
    a = Bare(server.imap_port)
    a.ok("SELECT INBOX")
    b.ok("CREATE Third")
    third = server.maildir("alice") / ".Third" / "cur"
    a.send("K COPY 1:* Third\r\n")
    while not os.listdir(third):
        pass
    server.stop()
    check(b"K OK" not in a.file.read(), "COPY was done too soon for this test")
    server = server.again()
    b = Bare(server.imap_port)
    check(seen_in(b, "Third") == 0 and seen_in(b, "INBOX") == count, "a part of a COPY")
    settles(server, "alice", 0, ".Third")
    b.ok("CREATE Other")
    highest = 0
    for command in ("COPY 1:* Other", "MOVE 1:* Other", "EXPUNGE"):
        a = Bare(server.imap_port)
        a.ok("SELECT INBOX")
        if command == "EXPUNGE":
            a.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
        before = {box: seen_in(b, box) for box in ("INBOX", "Other")}
        watched = server.maildir("alice") / ("cur" if command == "EXPUNGE" else ".Other/cur")
        count_before = len(os.listdir(watched))
        a.send(f"K {command}\r\n")
        while len(os.listdir(watched)) == count_before:
            pass
        highest = max(highest, value(b.ok("STATUS Other (UIDNEXT)"), b"UIDNEXT"))
        server.kill()
        answered = b"K OK" in a.file.read()
        check(not answered, command, "was done too soon for this test")
        server = server.again()
        b = Bare(server.imap_port)
        inbox, other = seen_in(b, "INBOX"), seen_in(b, "Other")
        check(value(b.ok("STATUS Other (UIDNEXT)"), b"UIDNEXT") >= highest, "UIDNEXT")
        if command.startswith("COPY"):
            check((inbox, other) == (count, 0), command, inbox, other)
        elif command.startswith("MOVE"):
            check(inbox + other == count and other > 0, command, inbox, other)
        else:
            check(0 < inbox < before["INBOX"] and other == before["Other"], command, inbox)
        settles(server, "alice", inbox)
        settles(server, "alice", other, ".Other")
    b.close()
    server.stop()
    with sqlite3.connect(server.maildir("alice") / ".mailproto-index.sqlite") as db:
        check(db.execute("SELECT count(*) FROM leaving").fetchone() == (0,), "leaving")
    db.close()


def test_folders_half_done(folder):
    """RENAME and DELETE whose folders do not follow the index yet: the next start does it."""
    server = ImapServer(folder / "server")
    c = Bare(server.imap_port)
    boxes = ("top", "top/a", "top/b", "top/c")
    for name in (*boxes, "old", "half"):
        c.ok(f"CREATE {name}") if name != "top" else None
        text = message(name, name)
        c.send(b"A APPEND %s ($kept) {%d+}\r\n%s\r\n" % (name.encode(), len(text), text)
               if name != "top" else b"A NOOP\r\n")
        check(c.until(b"A ")[-1].startswith(b"A OK"), name)
    identity = {name: c.ok(f"STATUS {name} (UIDVALIDITY MAILBOXID UIDNEXT)")[0].split(b"(", 1)[1]
                for name in boxes}
    c.close()
    server.stop()
    maildir = server.maildir("alice")
    for done in range(len(boxes) + 1):  # so many folders have their new names
        here, there = ("top", "new") if done % 2 == 0 else ("new", "top")
        with sqlite3.connect(maildir / ".mailproto-index.sqlite") as db:
            for i, name in enumerate(boxes):
                old, new = here + name[3:], there + name[3:]
                db.execute("UPDATE mailbox SET name = ? WHERE name = ?", (new, old))
                one, other = ("." + x.replace("/", ".") for x in (old, new))
                db.execute("INSERT INTO folder VALUES(?, ?)", (one, other))
                if i < done:
                    (maildir / one).rename(maildir / other)
        db.close()
        server = server.again()
        c = Bare(server.imap_port)
        check(listed(c) == sorted(["INBOX", "old", "half", *(there + x[3:] for x in boxes)]) or
              sorted(listed(c)) == sorted(["INBOX", "old", "half",
                                           *(there + x[3:] for x in boxes)]), done, listed(c))
        for name in boxes:
            new = there + name[3:]
            said = c.ok(f"STATUS {new} (UIDVALIDITY MAILBOXID UIDNEXT)")[0].split(b"(", 1)[1]
            check(said == identity[name], new, said, identity[name])
            if name != "top":
                c.ok(f"SELECT {new}")
                said = c.ok("FETCH 1 (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[0]
                check(b"$kept" in said and b"Subject: " + name.encode() in said, said)
        c.close()
        server.stop()
    # DELETE: its folder is whole still; it is half gone; it went.
    for name, left in (("old", ("tmp", "new", "cur")), ("half", ("cur",)), ("half", ())):
        with sqlite3.connect(maildir / ".mailproto-index.sqlite") as db:
            db.execute("UPDATE mailbox SET present = 0 WHERE name = ?", (name,))
            db.execute("INSERT INTO folder VALUES(?, '')", ("." + name,))
        db.close()
        for part in {"tmp", "new", "cur"} - set(left):
            shutil.rmtree(maildir / ("." + name) / part, ignore_errors=True)
        server = server.again()
        c = Bare(server.imap_port)
        check(name not in listed(c) and not (maildir / ("." + name)).exists(), name, listed(c))
        c.close()
        server.stop()
    with sqlite3.connect(maildir / ".mailproto-index.sqlite") as db:
        check(db.execute("SELECT count(*) FROM folder").fetchone() == (0,), "plans are left")
    db.close()


def test_rename_of_inbox(folder):
    """It moves all or leaves no mailbox behind, nor those that were made above it."""
    server = ImapServer(folder / "server")
    server.put("alice", [message(str(i)) for i in range(5)])
    maildir = server.maildir("alice")
    c = Bare(server.imap_port)
    c.ok("SELECT INBOX")
    c.ok("STORE 2 +FLAGS ($x)")
    c.ok("CREATE there")
    (maildir / ".up.and.away").write_bytes(b"no folder")
    before = listed(c)
    for name, code in (("up/and/away", "[UNAVAILABLE]"), ("there", "[ALREADYEXISTS]"),
                       ("inbox", "[ALREADYEXISTS]"), ("a//b", "[CANNOT]"),
                       ("mailproto-index", "[CANNOT]")):
        check(code in c.refused(f"RENAME INBOX {name}").decode(), name)
        check(listed(c) == before, name, listed(c))
        check(len(uids(c)) == 5, name, uids(c))
    (maildir / ".up.and.away").unlink()
    check(not (maildir / ".up").exists(), "a folder is left")
    said = c.ok("RENAME INBOX up/and/away")
    check(sum(x.endswith(b" EXPUNGE") for x in said) == 5, said)
    check(seen_in(c, "INBOX") == 0 and seen_in(c, "up/and/away") == 5, listed(c))
    c.ok("SELECT up/and/away")
    check(b"$x" in c.ok("FETCH 2 (FLAGS)")[0], "the keyword")
    c.ok("RENAME INBOX empty")
    check("empty" in listed(c) and "INBOX" in listed(c), listed(c))
    c.close()
    server.stop()


# ---- two at the same messages ------------------------------------------------------------

def copied(said):
    """How many of each side COPYUID names."""
    def count(numbers):
        ranges = [[int(n) for n in r.split(b":")] for r in numbers.split(b",")]
        return sum(r[-1] - r[0] + 1 for r in ranges)
    found = re.findall(rb"\[COPYUID \d+ ([0-9:,]+) ([0-9:,]+)\]", said)
    check(len(found) <= 1, said[-300:])
    return tuple(count(x) for x in found[0]) if found else (0, 0)


def test_moved_twice(folder):
    """Two MOVEs of the same messages at once: each message is in one mailbox, once."""
    count, both = 3000, 0
    server = ImapServer(folder / "server")
    large(server, count)
    a, b = Bare(server.imap_port), Bare(server.imap_port)
    here = "INBOX"
    for turn in range(4):
        names = f"A{turn}", f"B{turn}"
        for client, name in ((a, names[0]), (b, names[1])):
            client.ok(f"CREATE {name}")
            client.ok(f"SELECT {here}")
        for client, name in ((a, names[0]), (b, names[1])):
            client.send(f"M MOVE 1:{count} {name}\r\n")
        said = []
        for client, name in ((a, names[0]), (b, names[1])):
            lines = client.until(b"M ")
            while not lines[-1].startswith(b"M "):
                lines.append(client.line())
            told = copied(b"\r\n".join(lines))
            check(told[0] == told[1] == seen_in(client, name), name, told, seen_in(client, name))
            check(lines[-1].startswith(b"M OK") if told[0] > 0 else
                  lines[-1].startswith(b"M NO [EXPUNGEISSUED]"), lines[-1], told)
            said.append(told[0])
        check(sum(said) == count, "of", count, "there are", said)
        check(seen_in(a, here) == 0, "messages are left")
        for name, there in zip(names, said):
            check(len(files(server, "alice", "." + name)) == there, name)
            check(not os.listdir(server.maildir("alice") / ("." + name) / "tmp"), name)
        both += min(said) > 0
        # Together again, for the next turn.
        for name in names[:2 if min(said) > 0 else 0]:
            a.ok(f"SELECT {name}")
            a.ok("MOVE 1:* INBOX")
        here = "INBOX" if min(said) > 0 else names[said.index(count)]
    a.close()
    b.close()
    server.stop()
    return f"ok: {both} of 4 had a part each"


def test_changed_while_it_is_moved(folder):
    """What is stored, and answered with OK, before a message is moved goes along; what is
    expunged before does not come back."""
    count, stored, gone = 3000, 0, 0
    server = ImapServer(folder / "server")
    large(server, count)
    a, b = Bare(server.imap_port), Bare(server.imap_port)
    here = "INBOX"
    for turn in range(5):
        other = f"Other{turn}"
        a.ok(f"CREATE {other}")
        a.ok(f"SELECT {here}")
        b.ok(f"SELECT {here}")
        *_, flagged, removed = uids(b)
        b.ok(f"UID STORE {removed} +FLAGS.SILENT (\\Deleted)")
        a.send("M MOVE 1:* %s\r\n" % other)
        tmp = server.maildir("alice") / ("." + other) / "tmp"
        while len(os.listdir(tmp)) < count and not files(server, "alice", "." + other):
            pass
        said = b.ask(f"UID STORE {flagged} +FLAGS (\\Flagged $turn{turn})")
        was_stored = said[-1].split()[1] == b"OK" and any(b" FETCH (" in x for x in said)
        b.ok(f"UID EXPUNGE {removed}")
        lines = a.until(b"M OK")
        told = copied(b"\r\n".join(lines))
        a.ok(f"SELECT {other}")
        there = seen_in(a, other)
        check(told == (there, there), told, there)
        check(there in (count, count - 1) and seen_in(b, here) == 0, there)
        found = a.ok(f"SEARCH FLAGGED KEYWORD $turn{turn}")[0].split()[2:]
        check(len(found) == was_stored, "stored:", was_stored, "found:", found)
        check(len(files(server, "alice", "." + other)) == there, "files")
        stored += was_stored
        gone += there == count - 1
        a.ok("STORE 1:* -FLAGS.SILENT (\\Flagged \\Deleted)")
        here, count = other, there
    check(stored > 0 and gone > 0, "no turn was in between:", stored, gone)
    a.close()
    b.close()
    server.stop()
    return f"ok: {stored} stored and {gone} expunged in between, of 5"


def test_undeleted_while_it_is_expunged(folder):
    """A message that EXPUNGE is about to remove cannot be kept any more: NO; what was
    answered with OK stays."""
    count = 10000
    server = ImapServer(folder / "server")
    large(server, count)
    a, b = Bare(server.imap_port), Bare(server.imap_port)
    for client in (a, b):
        client.ok("SELECT INBOX")
    a.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
    b.ok("NOOP")
    a.send("E EXPUNGE\r\n")
    cur = server.maildir("alice") / "cur"
    while len(os.listdir(cur)) == count:
        pass
    said = b.ask("UID STORE 1 -FLAGS (\\Deleted)")  # the last that goes
    check(a.until(b"E ")[-1].startswith(b"E OK"), "EXPUNGE")
    left = seen_in(b, "INBOX")
    check(len(said) > 1 or said[-1].split()[1] == b"NO", "it was gone already", said)
    check(said[-1].split()[1:3] == [b"NO", b"[EXPUNGEISSUED]"] and left == 0, said[-1], left)
    a.close()
    b.close()
    server.stop()


def test_others_mail_stays(folder):
    """RENAME of INBOX that a stop ends: what others have put into the new mailbox meanwhile
    stays there."""
    count = 20000
    server = ImapServer(folder / "server")
    large(server, count)
    a, b = Bare(server.imap_port), Bare(server.imap_port)
    a.ok("SELECT INBOX")
    tmp = server.maildir("alice") / ".up.New" / "tmp"
    a.send("R RENAME INBOX up/New\r\n")
    wait_for(tmp.exists, "the new mailbox")
    text = message("x", "of somebody else")
    b.send(b"A APPEND up/New {%d+}\r\n%s\r\n" % (len(text), text))
    check(b.until(b"A ")[-1].startswith(b"A OK"), "APPEND")
    server.stop()
    check(b"R OK" not in a.file.read(), "RENAME was done too soon for this test")
    server = server.again()
    b = Bare(server.imap_port)
    check(listed(b) == ["INBOX", "up", "up/New"], listed(b))
    moved = seen_in(b, "up/New") - 1
    check(seen_in(b, "INBOX") == count - moved, moved)
    b.ok("SELECT up/New")
    check(b.ok('SEARCH SUBJECT "of somebody else"')[0] != b"* SEARCH", "it is gone")
    b.close()
    server.stop()
    return f"ok: {moved} were moved"


def test_index_fails(folder):
    """An index that cannot be used ends the sessions of its user, and not the server; the next
    one finds all that was not answered undone."""
    server = ImapServer(folder / "server")
    server.put("alice", [message("x")])
    a = Bare(server.imap_port)
    a.ok("SELECT INBOX")
    a.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    with sqlite3.connect(server.maildir("alice") / ".mailproto-index.sqlite") as db:
        db.execute("DROP TABLE expunged")
    db.close()
    a.send("E EXPUNGE\r\n")
    check(b"E OK" not in a.file.read(), "EXPUNGE")
    check("no such table: expunged" in server.log(), server.log())
    b = Bare(server.imap_port)
    check(b"* 1 EXISTS" in b.ok("SELECT INBOX"), "the message")
    b.close()
    server.stop()


# ---- rules -------------------------------------------------------------------------------

def test_subscriptions_stay(folder):
    """They are to names (RFC 9051 6.3.7), whatever becomes of the mailboxes."""
    server = ImapServer(folder / "server")
    c = Bare(server.imap_port)

    def subscribed():
        lines = c.ok('LIST (SUBSCRIBED) "" *')[:-1]
        return {x.rpartition(b' "/" ')[2].decode(): b"\\NonExistent" in x for x in lines}
    for name in ("a", "a/x", "b"):
        c.ok(f"CREATE {name}")
        c.ok(f"SUBSCRIBE {name}")
    c.ok("DELETE b")
    check(subscribed() == {"a": False, "a/x": False, "b": True}, subscribed())
    c.ok("RENAME a b")
    check(subscribed() == {"a": True, "a/x": True, "b": False}, subscribed())
    check(listed(c) == ["INBOX", "b", "b/x"], listed(c))
    c.ok("RENAME b c")
    check(subscribed() == {"a": True, "a/x": True, "b": True}, subscribed())
    c.ok("RENAME c a")
    check(subscribed() == {"a": False, "a/x": False, "b": True}, subscribed())
    c.ok("UNSUBSCRIBE a/x")
    c.ok("UNSUBSCRIBE b")
    c.close()
    server.stop()
    server = server.again()
    c = Bare(server.imap_port)
    check(subscribed() == {"a": False}, subscribed())
    c.close()
    server.stop()


def test_numbers(folder):
    """UIDNEXT stays when the last message goes, UIDVALIDITY changes with a new mailbox of the
    same name, also after a new start; no \\Recent with IMAP4rev2."""
    server = ImapServer(folder / "server")
    server.put("alice", [message(str(i)) for i in range(3)])
    for again in range(2):
        c = Bare(server.imap_port)
        if again:
            c.ok("ENABLE IMAP4rev2")
        said = c.ok("SELECT INBOX")
        check(value(said, b"UIDNEXT") == 4 + again, said)
        check(any(b"RECENT" in x.upper() for x in said) == (not again), said)
        if again == 0:
            c.ok("STORE 3 +FLAGS.SILENT (\\Deleted)")
            c.ok("EXPUNGE")
            check(value(c.ok("STATUS INBOX (UIDNEXT)"), b"UIDNEXT") == 4, "expunged")
            text = message("x")
            c.send(b"A APPEND INBOX {%d+}\r\n%s\r\n" % (len(text), text))
            check(b" 4] " in c.until(b"A ")[-1], "APPENDUID")
            c.ok("STORE 3 +FLAGS.SILENT (\\Deleted)")
            c.ok("EXPUNGE")
        else:
            check(not any(b"Recent" in x for x in c.ok("FETCH 1:* (FLAGS)")), "rev2")
        c.ok("CREATE box")
        first = value(c.ok("STATUS box (UIDVALIDITY)"), b"UIDVALIDITY")
        c.ok("DELETE box")
        c.ok("CREATE box")
        check(value(c.ok("STATUS box (UIDVALIDITY)"), b"UIDVALIDITY") > first, "UIDVALIDITY")
        c.ok("DELETE box")
        c.close()
        server.stop()
        server = server.again() if again == 0 else server


def test_dates(folder):
    """INTERNALDATE with the zone that APPEND gave, and of files whose names are no date."""
    server = ImapServer(folder / "server")
    maildir = fill(server.maildir("alice"), [])
    for name in ("99999999999999.x", "-5.x", "253402300800.y", "253402300799.y", "0.z", "none"):
        (maildir / "new" / name).write_bytes(message(name))
    c = Bare(server.imap_port)
    c.ok("SELECT INBOX")
    said = c.ok("FETCH 1:* (INTERNALDATE)")[:-1]
    dates = [re.search(rb'INTERNALDATE "([^"]*)"', x).group(1) for x in said]
    check(len(dates) == 6 and dates[0] == b"01-Jan-1970 00:00:00 +0000" and
          dates[-1] == b"31-Dec-9999 23:59:59 +0000", dates)
    text = message("x")
    for date in ("01-Feb-2026 10:00:00 +0530", "31-Dec-1999 23:59:59 -1130"):
        c.send(b'A APPEND INBOX "%s" {%d+}\r\n%s\r\n' % (date.encode(), len(text), text))
        check(c.until(b"A ")[-1].startswith(b"A OK"), date)
        check(date.encode() in c.ok("FETCH * (INTERNALDATE)")[0], date)
    c.close()
    server.stop()


# ---- others at the same files -------------------------------------------------------------

def test_lost_folders(folder):
    """Another program removes folders: the mailbox is gone, but for one with others below."""
    server = ImapServer(folder / "server")
    maildir = server.maildir("alice")
    a = Bare(server.imap_port)
    for name in ("gone", "up/low", "open"):
        a.ok(f"CREATE {name}")
    a.ok("SUBSCRIBE gone")
    before = value(a.ok("STATUS gone (UIDVALIDITY)"), b"UIDVALIDITY")
    a.ok("SELECT open")
    for name in (".gone", ".up", ".open"):
        shutil.rmtree(maildir / name)
    b = Bare(server.imap_port)
    check(listed(b) == ["INBOX", "up", "up/low"], listed(b))
    check(seen_in(b, "up") == 0, "made again")
    check(b"[NONEXISTENT]" in b.refused("SELECT gone"), "SELECT")
    check(b"\\NonExistent" in b.ok('LIST (SUBSCRIBED) "" *')[0], "the subscription")
    a.send("E NOOP\r\n")
    check(a.line().startswith(b"* BYE"), "who has it open is told")
    b.ok("CREATE gone")
    check(value(b.ok("STATUS gone (UIDVALIDITY)"), b"UIDVALIDITY") > before, "UIDVALIDITY")
    b.close()
    server.stop()


def test_moved_and_expunged(folder):
    """A file that another program renames while it is expunged does not come back; one of
    that name that is put there later is not taken for it."""
    server = ImapServer(folder / "server")
    server.put("alice", [message(str(i)) for i in range(4)])
    c = Bare(server.imap_port)
    c.ok("SELECT INBOX")
    c.ok("STORE 2:3 +FLAGS.SILENT (\\Deleted)")
    cur = server.maildir("alice") / "cur"
    _, two, three, _ = sorted(cur.iterdir())
    two.rename(cur / (two.name.partition(":")[0] + ":2,FT"))
    three.rename(server.folder / three.name)  # moved out of the mailbox
    said = c.ok("EXPUNGE")
    check(said[:2] == [b"* 3 EXPUNGE", b"* 2 EXPUNGE"], said)
    said = c.ok("NOOP")
    check(len(said) == 1 and uids(c) == [1, 4], said)
    settles(server, "alice", 2)
    (server.folder / three.name).rename(cur / three.name)  # and back
    said = c.ok("NOOP")
    check(b"* 3 EXISTS" in said and uids(c) == [1, 4, 5], said)
    c.close()
    server.stop()


def test_left_in_tmp(folder):
    """What was begun 36 hours ago goes; not what the index knows, nor what is under way."""
    server = ImapServer(folder / "server")
    server.put("alice", [message(str(i)) for i in range(2)])
    c = Bare(server.imap_port)
    c.ok("SELECT INBOX")
    c.close()
    server.stop()
    maildir = server.maildir("alice")
    one, _ = sorted((maildir / "cur").iterdir())
    one.rename(maildir / "tmp" / one.name.partition(":")[0])  # killed before it came to cur/
    now = int(time.time())
    for name in (f"{now - 36 * 3600 - 60}.M1P1.old", f"{now - 35 * 3600}.M1P1.young", "noname"):
        (maildir / "tmp" / name).write_bytes(b"half a mess")
    server = server.again()
    c = Bare(server.imap_port)
    c.ok("SELECT INBOX")
    check(uids(c) == [1, 2], uids(c))
    check({p.name.rpartition(".")[2] for p in (maildir / "tmp").iterdir()} == {"young", "noname"},
          list((maildir / "tmp").iterdir()))
    c.close()
    server.stop()


def test_one_server(folder):
    """An index is one process's: another one's users are told so, and come in after it."""
    one = ImapServer(folder / "one")
    one.put("alice", [message("x")])
    a = Bare(one.imap_port)
    a.ok("SELECT INBOX")
    (folder / "two").mkdir()
    (folder / "two" / "mail").symlink_to(folder / "one" / "mail")
    two = ImapServer(folder / "two")
    try:
        Bare(two.imap_port)
        check(False, "two servers at one index")
    except peers.Failure as e:
        check("no login" in str(e), e)
    check("another server has this index" in two.log(), two.log())
    a.close()
    one.stop()
    b = Bare(two.imap_port)
    b.ok("SELECT INBOX")
    b.close()
    two.stop()


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(peers.main(globals()))
