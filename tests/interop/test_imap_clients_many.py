#!/usr/bin/env python3
"""Many IMAP clients at our server (mailproto-mailserver) at the same time, and one that comes
back: what it hears with QRESYNC is exactly what has changed. Fifty connections that append,
flag, expunge, move and wait, with SMTP deliveries between, know the same in the end. A server
that is killed while it is busy loses nothing of what it had answered: no message, no flag, no
UID twice, no mod-sequence that goes back.

Runs on free ports of loopback, in a temporary folder. Standard library only. Arguments:
names of tests. What is done is another choice each time; MAILPROTO_SEED chooses one."""
import concurrent.futures
import imaplib
import os
import random
import re
import smtplib
import sqlite3
import sys
import threading

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import Failure, check, message, wait_for  # noqa: E402
from pop3peers import FULL  # noqa: E402
from imappeers import (PASSWORD, Bare, ImapServer, covers, deliver, need_imap, ok, settles,
                       subjects, trusting)  # noqa: E402

need_imap()
SEED = int(os.environ.get("MAILPROTO_SEED") or random.randrange(10 ** 6))


def numbers(text):
    """The numbers of a set."""
    found = []
    for part in text.split(b","):
        low, _, high = part.partition(b":")
        found += range(int(low), int(high or low) + 1)
    return found


def value(lines, what):
    return int(next(re.search(what + rb" (\d+)", x).group(1) for x in lines if what in x))


# ---- imaplib -----------------------------------------------------------------------------

def plain(name, password):
    return lambda _challenge: f"\0{name}\0{password}".encode()


def test_imaplib(folder):
    """STARTTLS, AUTHENTICATE, IDLE, LITERAL+, CONDSTORE and QRESYNC with Python's client."""
    server = ImapServer(folder / "server", "--verbose")
    server.put("alice", [message(str(i), f"number {i}") for i in range(20)])

    def login():
        client = imaplib.IMAP4("localhost", server.imap_port, timeout=60)
        client.starttls(trusting())
        ok(client.authenticate("PLAIN", plain("alice", PASSWORD)))
        return client

    away, other = login(), login()
    ok(away.enable("QRESYNC"))
    ok(away.select())
    told = away.untagged_responses
    validity, modseq = told["UIDVALIDITY"][0].decode(), told["HIGHESTMODSEQ"][0].decode()
    ok(away.unselect())
    # Meanwhile:
    ok(other.enable("CONDSTORE"))
    ok(other.select())
    ok(other.uid("STORE", "3,7", "+FLAGS", "(\\Flagged $x)"))
    ok(other.uid("STORE", "4:6,20", "+FLAGS.SILENT", "(\\Deleted)"))
    ok(other.expunge())
    content = message("with LITERAL+")
    other.send(b"L1 APPEND INBOX (\\Seen) {%d+}\r\n%s\r\n" % (len(content), content))
    line = other.readline()
    while not line.startswith(b"L1 "):
        line = other.readline()
    check(re.match(rb"L1 OK \[APPENDUID %s 21\]" % validity.encode(), line), line)
    # It comes back: this, and nothing else, is told.
    typ, _ = away._simple_command("SELECT", "INBOX", f"(QRESYNC ({validity} {modseq}))")
    check(typ == "OK", typ)
    told = away.untagged_responses
    check(told["VANISHED"] == [b"(EARLIER) 4:6,20"], told["VANISHED"])
    got = {int(re.search(rb"UID (\d+)", x).group(1)):
           (sorted(re.search(rb"FLAGS \(([^)]*)\)", x).group(1).split()),
            int(re.search(rb"MODSEQ \((\d+)\)", x).group(1))) for x in told["FETCH"]}
    check({uid: [f for f in flags if f != b"\\Recent"] for uid, (flags, _) in got.items()} ==
          {3: [b"$x", b"\\Flagged"], 7: [b"$x", b"\\Flagged"], 21: [b"\\Seen"]}, got)
    check(all(int(modseq) < m <= int(told["HIGHESTMODSEQ"][-1]) for _, m in got.values()), got)
    check(told["EXISTS"][-1] == b"17", told["EXISTS"])
    # IDLE
    away.state = "SELECTED"
    away.send(b"I1 IDLE\r\n")
    check(away.readline().startswith(b"+"), "no continuation")
    deliver(server)
    check(away.readline() == b"* 18 EXISTS\r\n", "not told")
    ok(other.noop())
    ok(other.uid("STORE", "1", "+FLAGS.SILENT", "(\\Deleted)"))
    ok(other.uid("EXPUNGE", "1"))
    lines = [away.readline()]
    while not lines[-1].startswith(b"* VANISHED"):
        lines.append(away.readline())
    check(lines[-1] == b"* VANISHED 1\r\n", lines)
    away.send(b"DONE\r\n")
    while not (line := away.readline()).startswith(b"I1 "):
        pass
    check(line.startswith(b"I1 OK"), line)
    away.logout()
    other.logout()
    covers(server, "imaplib")
    server.stop()


# ---- one that comes back -----------------------------------------------------------------

class Reader:
    """A client that keeps UIDs and flags and comes back with QRESYNC."""
    def __init__(self, server):
        self.client = Bare(server.imap_port)
        self.client.ok("ENABLE QRESYNC")
        lines = self.client.ok("SELECT INBOX")
        self._note(lines)
        self.flags = now(self.client)
        self.client.ok("UNSELECT")

    def _note(self, lines):
        self.validity = value(lines, b"UIDVALIDITY")
        self.modseq = value(lines, b"HIGHESTMODSEQ")

    def back(self, how):
        """What it is told, and what is there then."""
        known = sorted(self.flags)
        more = ""
        if how != "bare" and known:
            more = f" {known[0]}:{known[-1]}"
        if how == "matched" and known:
            places = sorted({1, len(known) // 2 + 1, len(known) * 3 // 4 + 1, len(known)})
            places = [p for p in places if p <= len(known)]
            more += (f" ({','.join(map(str, places))} "
                     f"{','.join(str(known[p - 1]) for p in places)})")
        lines = self.client.ok(f"SELECT INBOX (QRESYNC ({self.validity} {self.modseq}{more}))")
        gone, changed = [], {}
        for line in lines:
            if vanished := re.match(rb"\* VANISHED \(EARLIER\) (\S+)$", line):
                gone += numbers(vanished.group(1))
            elif b" FETCH (" in line:
                uid, flags = uid_and_flags(line)
                check(int(re.search(rb"MODSEQ \((\d+)\)", line).group(1)) > self.modseq, line)
                changed[uid] = flags
            else:
                check(b"VANISHED" not in line and b"EXPUNGE" not in line, line)
        self._note(lines)
        there = now(self.client)
        self.client.ok("UNSELECT")
        return gone, changed, there


def uid_and_flags(line):
    flags = re.search(rb"FLAGS \(([^)]*)\)", line).group(1).split()
    return (int(re.search(rb"UID (\d+)", line).group(1)),
            frozenset(f for f in flags if f != b"\\Recent"))


def now(client):
    return dict(uid_and_flags(x) for x in client.ok("UID FETCH 1:* (FLAGS)")[:-1]
                if b" FETCH (" in x)


def change(client, rand, there):
    """A few changes: flags, expunges, messages that come and go again."""
    touched = set()
    for _ in range(rand.randrange(6)):
        left = sorted(there - touched)
        some = rand.sample(left, min(len(left), rand.randrange(1, 9)))
        some = ",".join(map(str, sorted(some)))
        kind = rand.choice(("flag", "flag", "unflag", "expunge", "append", "append", "append",
                            "append", "come and go"))
        if kind in ("append", "come and go"):
            text = message("more")
            client.send(b"P APPEND INBOX {%d+}\r\n%s\r\n" % (len(text), text))
            uid = int(re.search(rb"APPENDUID \d+ (\d+)\]", client.until(b"P OK")[-1]).group(1))
            some = str(uid)
        if not some:
            continue
        if kind in ("flag", "unflag"):
            sign = "+" if kind == "flag" else "-"
            word = rand.choice(("\\Seen", "\\Flagged", "$a", "$b"))
            client.ok(f"UID STORE {some} {sign}FLAGS.SILENT ({word})")
        elif kind != "append":
            client.ok(f"UID STORE {some} +FLAGS.SILENT (\\Deleted)")
            client.ok(f"UID EXPUNGE {some}")
            touched |= set(map(int, some.split(",")))


def test_resync(folder):
    """Whatever was changed meanwhile: exactly that is told, with each form of QRESYNC."""
    rand = random.Random(SEED)
    print("seed", SEED, flush=True)
    server = ImapServer(folder / "server")
    server.put("alice", [message(str(i), f"number {i}") for i in range(60)])
    other = Bare(server.imap_port)
    other.ok("SELECT INBOX")
    readers = {how: Reader(server) for how in ("bare", "known", "matched")}
    told = 0
    for i in range(300 if FULL else 40):
        change(other, rand, set(now(other)))
        if i % 20 == 9:  # the same after a new start
            for client in (other, *(r.client for r in readers.values())):
                client.close()
            server.stop()
            server = server.again()
            other = Bare(server.imap_port)
            other.ok("SELECT INBOX")
            for reader in readers.values():
                reader.client = Bare(server.imap_port)
                reader.client.ok("ENABLE QRESYNC")
        for how, reader in readers.items():
            if how != "bare" and rand.randrange(3) == 0:
                continue  # it stays away for longer
            before = reader.flags
            gone, changed, there = reader.back(how)
            what = f"{how}, round {i}:"
            check(set(gone) & set(before) == set(before) - set(there), what, "gone:", gone,
                  set(before) - set(there))
            check(len(gone) == len(set(gone)) and not set(gone) & set(there), what, gone)
            if how != "bare" and before:  # what it never knew is not told to it
                check(set(gone) <= set(range(min(before), max(before) + 1)), what, gone)
            after = {u: f for u, f in before.items() if u not in gone}
            after.update(changed)
            if how != "bare" and before:
                check(set(changed) <= set(before), what, "told of", changed)
                after.update((u, f) for u, f in there.items() if u not in before)
            check(after == there, what, {u: (after.get(u), there.get(u)) for u in
                                         set(after) ^ set(there) or set(there)
                                         if after.get(u) != there.get(u)})
            reader.flags = there
            told += len(gone) + len(changed)
    check(told > 100, "hardly anything was told:", told)
    server.stop()
    return f"ok: {told} messages told of"


def test_match_data(folder):
    """RFC 7162 3.2.5.2: what the client shows that it knows is not told to it again."""
    server = ImapServer(folder / "server")
    server.put("alice", [message(str(i)) for i in range(30)])
    c = Bare(server.imap_port)
    c.ok("ENABLE QRESYNC")
    lines = c.ok("SELECT INBOX")
    validity, modseq = value(lines, b"UIDVALIDITY"), value(lines, b"HIGHESTMODSEQ")
    c.ok("UID STORE 2,4,6,25 +FLAGS.SILENT (\\Deleted)")
    c.ok("EXPUNGE")  # 1 3 5 7 8 9 ... 24 26 27 ...
    c.ok("UNSELECT")
    for match, told in (("", b"2,4,6,25"), (" (1 1)", b"2,4,6,25"),
                        (" (1:3 1,3,5)", b"6,25"), (" (1,10 1,13)", b"25"),
                        (" (1,10,22 1,13,25)", b"25"), (" (1,10,22 1,13,26)", None),
                        (" (1:2,10:11 1,2,13:14)", b"25"), (" (2 2)", b"2,4,6,25"),
                        (" (90 90)", b"2,4,6,25")):
        said = c.ok(f"SELECT INBOX (QRESYNC ({validity} {modseq} 1:30{match}))")
        got = [re.search(rb"\(EARLIER\) (\S+)", x).group(1) for x in said if b"VANISHED" in x]
        check(got == ([told] if told else []), match, got, told)
        c.ok("UNSELECT")
    c.close()
    server.stop()


def test_forgotten(folder):
    """RFC 7162 5.3: of what went, the last 10,000 are known; a client that was away for longer
    hears of all that is not there."""
    server = ImapServer(folder / "server")
    server.put("alice", [message(str(i)) for i in range(6)])
    c = Bare(server.imap_port)
    c.ok("ENABLE QRESYNC")
    lines = c.ok("SELECT INBOX")
    validity, first = value(lines, b"UIDVALIDITY"), value(lines, b"HIGHESTMODSEQ")
    c.ok("UID STORE 2 +FLAGS.SILENT (\\Deleted)")
    last = value(c.ok("EXPUNGE"), b"HIGHESTMODSEQ")
    index = server.maildir("alice") / ".mailproto-index.sqlite"

    def earlier(since, known=""):
        said = c.ok(f"SELECT INBOX (QRESYNC ({validity} {since}{known}))")
        told = [re.search(rb"\(EARLIER\) (\S+)", x).group(1) for x in said if b"VANISHED" in x]
        c.ok("UNSELECT")
        return told

    def rows():
        with sqlite3.connect(index) as db:
            return db.execute("SELECT count(*), min(modseq) FROM expunged").fetchone()

    def expunge(uid):
        c.ok("SELECT INBOX")
        c.ok(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
        c.ok("UNSELECT")

    # UIDs 100 to 10,097 came and went: with UID 2 one less than 10,000.
    c.close()
    server.stop()
    with sqlite3.connect(index) as db:
        box, = db.execute("SELECT id FROM mailbox WHERE name = 'INBOX'").fetchone()
        db.executemany("INSERT INTO expunged VALUES(?, ?, ?)",
                       ((box, 100 + i, last + 1 + i) for i in range(9998)))
        db.execute("UPDATE mailbox SET uidnext = 10098, highestmodseq = ? WHERE id = ?",
                   (last + 9998, box))
    db.close()
    server = server.again()
    c = Bare(server.imap_port)
    c.ok("ENABLE QRESYNC")
    expunge(4)
    check(rows()[0] == 10000, rows())
    check(earlier(first) == [b"2,4,100:10097"], "all is known", earlier(first))
    expunge(5)
    count, lowest = rows()
    check(count == 7500, "not forgotten:", count)
    # UIDs 7 to 99 never were, which only a client that was away for long is told.
    gone = b"2,4:5,7:10097"
    for since in (first, last, lowest - 2):
        check(earlier(since) == [gone], since, earlier(since))
        check(earlier(since, " 1:6") == [b"2,4:5"], earlier(since, " 1:6"))
        check(earlier(since, " 1,3,6") == [], earlier(since, " 1,3,6"))
    low = 100 + lowest - last - 1
    check(earlier(lowest - 1) == [b"4:5,%d:10097" % low], low, earlier(lowest - 1))
    check(earlier(lowest) == [b"4:5,%d:10097" % (low + 1)], low, earlier(lowest))
    c.ok("SELECT INBOX")
    said = c.ok(f"UID FETCH 1:6 (FLAGS) (CHANGEDSINCE {first} VANISHED)")
    check(said[0] == b"* VANISHED (EARLIER) 2,4:5", said)
    c.ok("UNSELECT")
    # A mailbox of the same name begins anew.
    c.ok("CREATE other")
    c.ok("DELETE other")
    c.close()
    server.stop()
    with sqlite3.connect(index) as db:
        other, = db.execute("SELECT id FROM mailbox WHERE name = 'other'").fetchone()
        db.execute("INSERT INTO forgotten VALUES(?, 7)", (other,))
        db.execute("UPDATE mailbox SET present = 1 WHERE name = 'other'")
    db.close()
    (server.maildir("alice") / ".other" / "cur").mkdir(parents=True)
    server = server.again()
    c = Bare(server.imap_port)
    c.ok("DELETE other")
    c.close()
    server.stop()
    with sqlite3.connect(index) as db:
        check(db.execute("SELECT count(*) FROM forgotten").fetchone() == (1,), "left over")
    db.close()


# ---- fifty at once -----------------------------------------------------------------------

class Member:
    """One of many clients, and what it knows of the mailbox: a place for each message."""
    def __init__(self, server, number):
        self.number = number
        self.resync = number % 3 == 2  # hears VANISHED in place of EXPUNGE
        self.client = Bare(server.imap_port)
        self.client.socket.settimeout(100)
        if self.resync:
            self.client.ok("ENABLE QRESYNC")
        self.places = []  # [uid or None, flags or None]
        for line in self.client.ok("SELECT INBOX"):
            self.hear(line)
        self.ask("UID FETCH 1:* (FLAGS)")

    def hear(self, line):
        if exists := re.match(rb"\* (\d+) EXISTS$", line):
            check(int(exists.group(1)) >= len(self.places), "EXISTS shrinks:", line)
            self.places += [[None, None]
                            for _ in range(int(exists.group(1)) - len(self.places))]
        elif gone := re.match(rb"\* (\d+) EXPUNGE$", line):
            check(not self.resync, "EXPUNGE after ENABLE QRESYNC")
            check(0 < int(gone.group(1)) <= len(self.places), "no such number:", line)
            del self.places[int(gone.group(1)) - 1]
        elif vanished := re.match(rb"\* VANISHED (\S+)$", line):
            check(self.resync, "VANISHED without QRESYNC")
            for uid in numbers(vanished.group(1)):
                self._vanished(uid)
        elif fetch := re.match(rb"\* (\d+) FETCH \(", line):
            check(0 < int(fetch.group(1)) <= len(self.places), "no such number:", line)
            place = self.places[int(fetch.group(1)) - 1]
            if uid := re.search(rb"[( ]UID (\d+)", line):
                check(place[0] in (None, int(uid.group(1))), self.number, "is another:", place,
                      line)
                place[0] = int(uid.group(1))
            if b"FLAGS (" in line:
                flags = re.search(rb"FLAGS \(([^)]*)\)", line).group(1).split()
                place[1] = frozenset(f for f in flags if f != b"\\Recent")

    def _vanished(self, uid):
        """One whose UID it was not told yet is one of those behind the next lower one."""
        place = 0
        for i, (known, _) in enumerate(self.places):
            if known is not None and known <= uid:
                place = i if known == uid else i + 1
        check(place < len(self.places) and self.places[place][0] in (None, uid), self.number,
              "vanished, not known:", uid)
        del self.places[place]

    def ask(self, text):
        """Any answer but BAD; numbers hold still while numbers are in use."""
        lines = self.client.ask(text)
        check(lines[-1].split()[1] in (b"OK", b"NO"), text, lines[-1])
        if re.match("(FETCH|STORE|SEARCH) ", text):
            check(not any(b" EXPUNGE" in x or b"VANISHED" in x for x in lines[:-1]), text,
                  lines)
        for line in lines[:-1]:
            self.hear(line)
        return lines

    def silently(self, some, sign):
        """Nothing is told of what it does itself, all that others did."""
        done = self.ask(f"UID STORE {some} {sign}FLAGS.SILENT (\\Seen)")[-1].split()[1]
        for place in self.places:
            if str(place[0]) in some.split(",") and place[1] is not None:
                place[1] = place[1] | {b"\\Seen"} if sign == "+" else place[1] - {b"\\Seen"}
                place[1] = place[1] if done == b"OK" else None

    def append(self, i):
        text = message(f"from {self.number}", f"member {self.number} {i}")
        self.client.send(b"P APPEND INBOX {%d+}\r\n%s\r\n" % (len(text), text))
        lines = [self.client.line()]
        while not lines[-1].startswith(b"P "):
            self.hear(lines[-1])
            lines.append(self.client.line())
        check(lines[-1].startswith(b"P OK [APPENDUID "), lines[-1])

    def learn(self):
        """UIDs of what came; VANISHED names them."""
        if any(p[0] is None for p in self.places):
            self.ask("UID FETCH 1:* (FLAGS)")

    def wait(self, until):
        """IDLE."""
        self.client.send("I IDLE\r\n")
        self.client.file.close()  # what it has buffered would stay there
        self.client.socket.settimeout(0.2)
        rest = b""
        while not until():
            try:
                octets = self.client.socket.recv(65536)
            except TimeoutError:
                continue
            check(octets, "the connection ended")
            *lines, rest = (rest + octets).split(b"\r\n")
            for line in lines:
                self.hear(line)
        self.client.socket.settimeout(100)
        self.client.send("DONE\r\n")
        while not rest.endswith(b"\r\n") or b"I OK" not in rest:
            rest += self.client.socket.recv(65536)
        for line in rest.split(b"\r\n")[:-2]:
            self.hear(line)
        self.client.file = self.client.socket.makefile("rb")


def member_works(member, rand, rounds, appended, idlers_end):
    kind = member.number % 5
    if kind in (0, 1) and not member.resync:
        member.wait(idlers_end)
        return
    for i in range(rounds):
        member.learn()
        uids = [p[0] for p in member.places if p[0] is not None]
        some = ",".join(map(str, rand.sample(uids, min(3, len(uids))))) or "1"
        if kind == 2:
            member.append(i)
            appended.append((member.number, i))
        elif kind == 3:
            one = rand.choice(uids or [1])
            member.ask(f"UID STORE {one} +FLAGS (\\Deleted)")
            member.ask(f"UID EXPUNGE {one}")
        elif i % 2:
            member.ask(f"STORE {rand.randrange(1, max(2, len(member.places)))} "
                       f"{rand.choice('+-')}FLAGS (\\Flagged $m{member.number % 7})")
        else:
            member.silently(some, rand.choice("+-"))
            member.ask(rand.choice(("SEARCH UNSEEN SUBJECT member", "NOOP",
                                    "UID FETCH 1:* (FLAGS)")))


def test_fifty(folder):
    print("seed", SEED, flush=True)
    server = ImapServer(folder / "server", "--max-connections", "200")
    server.put("alice", [message(str(i), f"number {i}") for i in range(100)])
    members = [Member(server, i) for i in range(50)]
    rounds, sent, appended = (100 if FULL else 14), [], []
    ended = threading.Event()

    def send(number):
        for i in range(rounds // 2):
            with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=100) as c:
                c.sendmail("a@src.test", ["alice@mail.test"],
                           message("x", f"sender {number} {i}"))
            sent.append((number, i))

    def works(member):
        try:
            member_works(member, random.Random(SEED * 100 + member.number), rounds, appended,
                         ended.is_set)
        except Exception as e:
            ended.set()
            raise Failure(f"member {member.number}: {type(e).__name__}: {e}") from e

    busy = [m for m in members if not (m.number % 5 in (0, 1) and not m.resync)]
    idle = [m for m in members if m not in busy]
    check(len(idle) > 10 and len(busy) > 25, len(idle), len(busy))
    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        waiting = [pool.submit(works, m) for m in idle]
        working = [pool.submit(works, m) for m in busy]
        working += [pool.submit(send, i) for i in range(4)]
        try:
            for one in working:
                one.result()
            # All mail has come, and those who wait have heard of it.
            wait_for(lambda: not list((folder / "server" / "queue").glob("*.msg")),
                     "an empty queue")
            last = Bare(server.imap_port)
            last.ok("SELECT INBOX")
            count = len(subjects(last))
            wait_for(lambda: ended.is_set() or all(len(m.places) == count for m in idle),
                     "those in IDLE to hear of all")
        finally:
            ended.set()
        for one in waiting:
            one.result()
    truth = dict(uid_and_flags(x) for x in last.ok("UID FETCH 1:* (FLAGS)")[:-1]
                 if b" FETCH (" in x)
    there = {s for s, _ in subjects(last).values()}
    check(len(there) == len(truth), "a message is there twice")
    check(len(sent) == 4 * (rounds // 2), sent)
    for member in members:
        member.ask("NOOP")
        known = [p[0] for p in member.places]
        flags = {u: f for u, f in member.places if u is not None and f is not None}
        order = sorted(truth)
        check(len(known) == len(order) and
              all(k in (None, u) for k, u in zip(known, order)), member.number,
              "knows", known, "not", order)
        wrong = {u: (f, truth[u]) for u, f in flags.items() if f != truth[u]}
        check(not wrong, member.number, "flags:", wrong)
        member.client.close()
    last.close()
    settles(server, "alice", len(truth))
    server.stop()
    return f"ok: {len(appended)} appended, {len(sent)} delivered, {len(truth)} left"


# ---- an index that cannot be written -----------------------------------------------------

def test_index_locked(folder):
    """What cannot be written is not answered: the connection ends, and nothing has changed."""
    server = ImapServer(folder / "server")
    server.put("alice", [message(str(i)) for i in range(5)])
    c = Bare(server.imap_port)
    c.ok("SELECT INBOX")
    before = now(c)
    c.close()
    text = message("x").decode()
    for said in ("UID STORE 1 +FLAGS ($x)", "UID MOVE 2:3 Other", "UID EXPUNGE 5",
                 "APPEND INBOX {%d+}\r\n%s" % (len(text), text)):
        c = Bare(server.imap_port)
        c.ok("SELECT INBOX")
        if "MOVE" in said:
            c.ok("CREATE Other")
        if "EXPUNGE" in said:
            c.ok("UID STORE 5 +FLAGS.SILENT (\\Deleted)")
            before[5] |= {b"\\Deleted"}
        lock = sqlite3.connect(server.maildir("alice") / ".mailproto-index.sqlite",
                               isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        c.send(f"W {said}\r\n")
        rest = c.file.read()
        check(b"W OK" not in rest, said, rest)
        lock.execute("ROLLBACK")
        lock.close()
        c = Bare(server.imap_port)
        c.ok("SELECT INBOX")
        after = now(c)
        check(after == before, said, "was", before, "is", after)
        c.close()
    server.stop()


# ---- killed while it is busy --------------------------------------------------------------

class Ledger:
    """What clients were told, of all time: what a UID is, mod-sequences, UIDVALIDITY."""
    def __init__(self):
        self.lock = threading.Lock()
        self.meaning = {}  # (mailbox, UID) to subject
        self.highest = {}  # mailbox to mod-sequence
        self.next = {}     # mailbox to UIDNEXT
        self.validity = {}

    def is_(self, box, uid, subject):
        with self.lock:
            check(self.meaning.setdefault((box, uid), subject) == subject, box, uid, "was",
                  self.meaning[(box, uid)], "and is", subject)
            self.next[box] = max(self.next.get(box, 0), uid + 1)

    def reached(self, box, modseq):
        with self.lock:
            self.highest[box] = max(self.highest.get(box, 0), modseq)


class Owner:
    """A client with messages of its own, and what has to be true of each: the mailbox and
    UID, its keywords; or, of the one in hand when the server died, what may be true."""
    def __init__(self, number, ledger):
        self.number, self.ledger = number, ledger
        self.mine = {}  # subject to (mailbox, UID, keywords)
        self.gone = set()
        self.count = 0
        self.in_hand = set()  # subjects
        self.may_go = False   # they are expunged
        self.done = 0

    def works(self, port, rand):
        """Until the server is gone."""
        try:
            self.client = Bare(port)
            self.client.ok("ENABLE CONDSTORE")
            self.client.ok("SELECT INBOX")
            while True:
                here = [s for s, (box, _, _) in self.mine.items() if box == "INBOX"]
                if len(here) < 4:
                    self.append(rand.randrange(1, 4))
                else:
                    rand.choice((self.append, self.move, self.expunge, self.store))(
                        rand.sample(here, rand.randrange(1, 3)))
                self.in_hand, self.may_go = set(), False
                self.done += 1
        except (OSError, Failure) as e:
            check("the connection ended" in str(e) or "no greeting" in str(e) or
                  isinstance(e, OSError), self.number, e)

    def ask(self, text):
        lines = self.client.ok(text)
        for line in lines:
            for modseq in re.findall(rb"MODSEQ \(?(\d+)", line):
                self.ledger.reached("INBOX", int(modseq))
        return lines

    def uids(self, subjects_):
        return ",".join(str(u) for u in sorted(self.mine[s][1] for s in subjects_))

    def append(self, what):
        count = what if isinstance(what, int) else 1
        new = [f"owner {self.number} {self.count + i}" for i in range(count)]
        self.count += count
        self.in_hand = set(new)
        texts = [message("x" * (len(s) * 37 % 900), s) for s in new]
        self.client.send(b"P APPEND INBOX" + b"".join(
            b" ($k%d) {%d+}\r\n%s" % (self.number, len(t), t) for t in texts) + b"\r\n")
        said = self.client.until(b"P ")[-1]
        told = re.match(rb"P OK \[APPENDUID \d+ (\S+)\]", said)
        check(told, said)
        for uid, subject in zip(numbers(told.group(1)), new):
            self.ledger.is_("INBOX", uid, subject)
            self.mine[subject] = ("INBOX", uid, {f"$k{self.number}"})

    def move(self, what):
        self.in_hand = set(what)
        told = next(x for x in self.ask(f"UID MOVE {self.uids(what)} Filed") if b"COPYUID" in x)
        told = re.search(rb"COPYUID \d+ (\S+) (\S+)\]", told)
        to = dict(zip(numbers(told.group(1)), numbers(told.group(2))))
        for subject in what:
            uid = to[self.mine[subject][1]]
            self.ledger.is_("Filed", uid, subject)
            self.mine[subject] = ("Filed", uid, self.mine[subject][2])

    def expunge(self, what):
        uids = self.uids(what)
        self.ask(f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)")
        self.in_hand, self.may_go = set(what), True
        self.ask(f"UID EXPUNGE {uids}")
        for subject in what:
            del self.mine[subject]
            self.gone.add(subject)

    def store(self, what):
        self.in_hand = set(what)
        self.ask(f"UID STORE {self.uids(what)} +FLAGS ($s)")
        for subject in what:
            box, uid, words = self.mine[subject]
            self.mine[subject] = (box, uid, words | {"$s"})

    def compare(self, there):
        """`there`: subject to a list of (mailbox, UID, keywords)."""
        for subject, (box, uid, words) in list(self.mine.items()):
            found = there.get(subject, [])
            if subject in self.in_hand and not found and self.may_go:
                del self.mine[subject]
                continue
            check(len(found) == 1, "answered, but lost, or there twice:", subject, found)
            if subject in self.in_hand:  # as it was, or as it was to be
                self.mine[subject] = found[0]
            check(found[0][2] >= words, subject, "has", found, "not", words)
            check(subject in self.in_hand or found[0][:2] == (box, uid), subject, "is", found,
                  "not", (box, uid))
        for subject in self.gone:
            check(subject not in there, "it was expunged:", subject)
        new = {s: there[s] for s in self.in_hand - set(self.mine) if s in there}
        if not self.may_go:
            check(len(new) in (0, len(self.in_hand - set(self.mine))), "some of APPEND:", new)
        for subject, found in new.items():
            check(len(found) == 1 and found[0][2], "there twice, or bare:", subject, found)
            self.mine[subject] = found[0]
        self.in_hand, self.may_go = set(), False


def everything(server, ledger):
    """Subject to a list of (mailbox, UID, keywords), and what must never change has not."""
    client, there = Bare(server.imap_port), {}
    client.ok("ENABLE CONDSTORE")
    for box in ("INBOX", "Filed"):
        lines = client.ok(f"SELECT {box}")
        validity, modseq = value(lines, b"UIDVALIDITY"), value(lines, b"HIGHESTMODSEQ")
        check(ledger.validity.setdefault(box, validity) == validity, box, "UIDVALIDITY")
        check(modseq >= ledger.highest.get(box, 0), box, "mod-sequences go back:", modseq,
              "after", ledger.highest.get(box))
        check(value(lines, b"UIDNEXT") >= ledger.next.get(box, 0), box, "UIDNEXT goes back")
        ledger.reached(box, modseq)
        words = {uid: {f.decode() for f in flags if f.startswith(b"$")}
                 for uid, flags in now(client).items()}
        for uid, (subject, _) in subjects(client).items():
            ledger.is_(box, uid, subject)
            there.setdefault(subject, []).append((box, uid, words[uid]))
    client.close()
    return there


def test_killed(folder):
    """SIGKILL in the middle of APPEND, MOVE, EXPUNGE and STORE of eight clients."""
    rand = random.Random(SEED)
    print("seed", SEED, flush=True)
    server = ImapServer(folder / "server")
    client = Bare(server.imap_port)
    client.ok("CREATE Filed")
    client.close()
    ledger = Ledger()
    owners = [Owner(i, ledger) for i in range(8)]
    rounds = 100 if FULL else 10
    for _ in range(rounds):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            busy = [pool.submit(o.works, server.imap_port, random.Random(rand.random()))
                    for o in owners]
            victim = threading.Timer(rand.uniform(0.1, 0.7), server.process.process.kill)
            victim.start()
            for one in busy:
                one.result()
            victim.join()
        server.kill()
        server = server.again()
        there = everything(server, ledger)
        for owner in owners:
            owner.compare(there)
    done = sum(o.done for o in owners)
    check(done > 3 * rounds, "only", done, "commands were answered")
    server.stop()
    return (f"ok: {rounds} kills, {done} commands answered, {len(ledger.meaning)} UIDs, "
            "nothing lost")


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(peers.main(globals()))
