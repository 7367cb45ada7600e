#!/usr/bin/env python3
"""The client (mailproto-fetch) and a POP3 server that does wrong: it refuses, contradicts
itself, cuts the connection; and a disk that is full, a list of fetched messages that a crash
has cut. Whatever happens: what the server was told to delete is whole in the box, nothing
else is in it, the exit code says what happened, and after one more visit, a good one, each
message is there once.

Runs on free ports of loopback, in a temporary folder. Standard library only. Arguments:
names of tests."""
import concurrent.futures
import os
import re
import shutil
import signal
import socket
import sys
import threading

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import check, message, need, run, wait_for  # noqa: E402
from pop3peers import FULL, same, secret_file  # noqa: E402

PROGRAM = peers.find_program("mailproto-fetch")
SOME, FAILED = 1, 2  # exit codes
SECRET = "wonderland"
MAIL = [("uid-1", message("one\n.\n..two")), ("uid-2", message("", subject="No body")[:-2]),
        ("uid-3", message("x" * 300 + "\nFrom here\n>From there\n.end\n.")),
        ("uid-4", message("the last"))]
KINDS = ("maildir", "mbox")


# ---- the server ----------------------------------------------------------------------------

class Cut(Exception):
    """The connection ends here."""


class Server:
    """A maildrop [(unique-id, content), ...] and, visit by visit, faults: the command, or
    its verb alone, and what is done in place of its answer: octets that are sent, or
    (n, "cut"), the connection ends when n octets of the answer are sent, -1: all of it.
    "GREETING" is a command here; "QUIT-LOST" is a QUIT that did not come."""

    def __init__(self, drop, capabilities=("USER", "UIDL", "TOP", "PIPELINING")):
        self.drop, self.capabilities = list(drop), capabilities
        self.deleted = []  # (unique-id, content)
        self.faults, self.said, self.problem = {}, [], None
        self.begun = self.ended = 0  # visits
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        check(self.problem is None, "the server of this test:", self.problem)

    def _run(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.begun += 1
            with connection:
                connection.settimeout(60)
                try:
                    self._serve(connection)
                except (Cut, OSError):
                    pass
                except Exception as e:  # a mistake of this file
                    self.problem = repr(e)
                self._end(connection)
            self.ended += 1

    @staticmethod
    def _end(connection):
        """What was sent arrives: no reset, whatever was not read."""
        try:
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        except OSError:
            pass

    def _say(self, connection, command, answer, *arguments):
        """`answer`: octets, or what to call for them."""
        fault = next((self.faults[c] for c in (command, command.split(" ")[0])
                      if c in self.faults), None)
        if isinstance(fault, bytes):  # and nothing is done
            connection.sendall(fault)
            return
        answer = answer(*arguments) if callable(answer) else answer
        if fault:
            connection.sendall(answer if fault[0] == -1 else answer[:fault[0]])
            raise Cut
        else:
            connection.sendall(answer)

    def _serve(self, connection):
        self._say(connection, "GREETING", b"+OK ready\r\n")
        marked, rest = set(), b""
        while True:
            line, end, after = rest.partition(b"\r\n")
            if not end:
                data = connection.recv(65536)
                if not data:
                    return
                rest += data
                continue
            rest = after
            command = line.decode()
            self.said.append(command)
            if command == "QUIT" and "QUIT-LOST" not in self.faults:
                gone = [m for i, m in enumerate(self.drop, 1) if i in marked]
                self.drop = [m for i, m in enumerate(self.drop, 1) if i not in marked]
                self.deleted += gone
            if command == "QUIT":
                self._say(connection, "QUIT", b"+OK bye\r\n")
                return
            self._say(connection, command, self._answer, command, marked)

    def _answer(self, command, marked):
        verb, _, argument = command.partition(" ")
        number = int(argument) if argument.isdigit() else 0
        if number > len(self.drop) or number in marked:
            return b"-ERR no such message\r\n"
        if verb == "CAPA":
            return b"".join(c.encode() + b"\r\n" for c in ("+OK", *self.capabilities, "."))
        if verb == "STAT":
            left = [m for i, m in enumerate(self.drop, 1) if i not in marked]
            return b"+OK %d %d\r\n" % (len(left), sum(len(c) for _, c in left))
        if verb in ("UIDL", "LIST"):
            facts = [u.encode() if verb == "UIDL" else b"%d" % len(c) for u, c in self.drop]
            if number:
                return b"+OK %d %s\r\n" % (number, facts[number - 1])
            return b"+OK\r\n" + b"".join(
                b"%d %s\r\n" % (i, f) for i, f in enumerate(facts, 1)
                if i not in marked) + b".\r\n"
        if verb == "RETR":
            content = re.sub(rb"^\.", b"..", self.drop[number - 1][1], flags=re.M)
            return b"+OK\r\n" + content + b".\r\n"
        if verb == "DELE":
            marked.add(number)
        elif verb not in ("USER", "PASS", "NOOP"):
            return b"-ERR what\r\n"
        return b"+OK\r\n"


# ---- the client ----------------------------------------------------------------------------

class Box:
    """A Maildir or an mbox file, and what is in them."""

    def __init__(self, folder, kind):
        folder.mkdir(exist_ok=True)
        self.kind, self.path = kind, folder / "box"
        self.seen = folder / "box.seen"

    def messages(self, torn=False):
        """`torn`: those that are whole at least."""
        if not self.path.exists():
            return []
        if self.kind == "maildir":
            return [p.read_bytes() for name in ("new", "cur")
                    if (self.path / name).is_dir()
                    for p in sorted((self.path / name).iterdir())]
        parts = re.split(rb"(?:\A|(?<=\n\n))From MAILER-DAEMON [^\n]*\n",
                         self.path.read_bytes())
        check(parts[0] == b"", "not an mbox file:", parts[0][:200])
        if torn:
            parts = [p for p in parts if not p or p.endswith(b"\n\n")]
        check(all(p.endswith(b"\n\n") for p in parts[1:]), "not whole:", parts)
        return [re.sub(rb"^>(>*From )", rb"\1", p[:-1], flags=re.M).replace(b"\n", b"\r\n")
                for p in parts[1:]]

    def empty(self):
        """As before the first visit."""
        for path in (self.path, self.seen, self.path.with_name("box.part"),
                     self.path.with_name("box.seen.new")):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


class Visit:
    """`faults`: see Server. `limit`: no file may grow beyond it, as if the disk was full;
    `dies`: then it is killed, not told."""

    def __init__(self, server, box, *options, faults=None, limit=None, dies=False):
        self.server, self.box = server, box
        server.faults, server.said, server.deleted = faults or {}, [], []

        confined = [] if limit is None else [
            "env", f"--{'default' if dies else 'ignore'}-signal=XFSZ", "prlimit", "--core=0:0",
            f"--fsize={limit}:{limit}"]
        before = box.messages(torn=True)
        self.code, self.out, self.errors = run(
            [*confined, PROGRAM, "--server", f"127.0.0.1:{server.port}", "--user", "alice",
             "--password-file", secret_file(SECRET), "--tls", "none", "--insecure",
             f"--{box.kind}", box.path, *options])
        peers.sanitizers_silent(self.errors)
        wait_for(lambda: server.begun == server.ended, "the server to see the end")
        check(self.code in (0, SOME, FAILED) or dies and self.code == -signal.SIGXFSZ, self)
        if self.code >= 0:
            self.messages = box.messages()
            same(self.messages[:len(before)], before, "changed:")
            for _, content in server.deleted:
                check(content in self.messages, "deleted and not here:", content, self)
        counts = re.search(r"^(\d+) messages: (\d+) seen before, (\d+) fetched, (\d+) failed",
                           self.out, re.M)
        self.counts = tuple(int(n) for n in counts.groups()) if counts else None

    def __str__(self):
        return (f"exit code {self.code}, faults {self.server.faults}, said:\n{self.out[-2000:]}"
                f"{self.errors[-2000:]}\ncommands: {self.server.said}")

    def expect(self, code, *said, here=None, left=None, counts=None):
        check(code is None or self.code == code, "exit code, not", code, self)
        for text in said:
            check(text in self.out + self.errors, "not said:", text, self)
        check(counts is None or self.counts == counts, "counts", self.counts, "not", counts,
              self)
        if here is not None:
            same(self.messages, [MAIL[i - 1][1] for i in here], f"in the box, {self}")
        if left is not None:
            check([u for u, _ in self.server.drop] == [MAIL[i - 1][0] for i in left],
                  "left on the server:", self.server.drop, "not", left, self)
        return self


def all_once(server, box, what, drop=MAIL):
    """Good visits, one that keeps and one that deletes: nothing is lost, nothing twice."""
    for options, left in (([], len(server.drop)), (["--delete"], 0)):
        visit = Visit(server, box, *options)
        visit.expect(0)
        same(visit.messages, [c for _, c in drop], f"{what}; then {options} {visit}")
        check(len(server.drop) == left, what, options, "left:", server.drop, visit)


def each(folder, cases, drop=MAIL):
    """`cases`: (name, faults, options, exit code, what it says, in the box, on the server)
    of a first visit."""
    def one(kind, name, faults, options, code, said, here, left):
        box = Box(folder / str(threading.get_ident()), kind)
        box.empty()
        server = Server(drop)
        Visit(server, box, *options, faults=faults).expect(code, *said, here=here, left=left)
        all_once(server, box, f"{kind}: {name}", drop)
        server.stop()

    return f"ok: {together(one, [(k, *c) for k in KINDS for c in cases])} faults"


def together(call, arguments):
    """Some at a time: they mostly wait for the disk. How many there were."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        work = [pool.submit(call, *a) for a in arguments]
        try:
            for one in work:
                one.result()
        finally:
            pool.shutdown(cancel_futures=True)
    return len(work)


ALL = [1, 2, 3, 4]
DELETE = ["--delete"]


# ---- refusals ------------------------------------------------------------------------------

def test_refused(folder):
    """One command is refused, with one reason or another."""
    later, never = b"-ERR [SYS/TEMP] later\r\n", b"-ERR [SYS/PERM] never\r\n"
    bare = b"-ERR no\r\n"
    listed = "the maildrop cannot be listed"
    cases = [("greeting", {"GREETING": bare}, DELETE, FAILED, ["no"], [], ALL),
             ("USER", {"USER": bare}, DELETE, FAILED, ["authentication: "], [], ALL),
             ("PASS", {"PASS": b"-ERR [AUTH] no\r\n"}, DELETE, FAILED,
              ["authentication: "], [], ALL),
             ("PASS in use", {"PASS": b"-ERR [IN-USE] no\r\n"}, DELETE, FAILED, ["IN-USE"],
              [], ALL)]
    for answer in (later, never, bare):
        for options in ([], DELETE):
            cases.append((f"UIDL {answer}", {"UIDL": answer}, options, FAILED,
                          [listed, answer.decode().strip()[5:]], [], ALL))
        cases += [(f"STAT {answer}", {"STAT": answer}, [], 0, [], ALL, ALL),
                  (f"STAT {answer}", {"STAT": answer}, DELETE, 0, [], ALL, []),
                  (f"RETR {answer}", {"RETR": answer}, DELETE, SOME,
                   ["message 1: ", "message 4: ", "4 failed"], [], ALL)]
        for n in ALL:
            rest = [i for i in ALL if i != n]
            said = [f"message {n}: {answer.decode().strip()[5:]}", "3 fetched, 1 failed"]
            fault = {f"RETR {n}": answer}
            cases += [(f"RETR {n} {answer}", fault, [], SOME, said, rest, ALL),
                      (f"RETR {n} {answer}", fault, DELETE, SOME, said, rest, [n]),
                      (f"UIDL {n} {answer}", {f"UIDL {n}": answer}, DELETE, SOME,
                       [f"message {n}: ", "1 failed"], rest, [n])]
        cases += [(f"DELE 2 {answer}", {"DELE 2": answer}, DELETE, SOME,
                   ["not deleted: ", "deleted 3"], ALL, [2]),
                  (f"QUIT {answer}", {"QUIT": answer}, DELETE, SOME, ["not committed: "],
                   ALL, None),
                  (f"QUIT {answer}", {"QUIT": answer, "QUIT-LOST": b""}, DELETE, SOME,
                   ["not committed: "], ALL, None)]
    return each(folder, cases)


def test_without_uidl(folder):
    """LIST in place of UIDL, and what happens when it is refused too. What was deleted does
    not come again; without --delete it would, and the next test is about that."""
    bare, later = b"-ERR no\r\n", b"-ERR [SYS/TEMP] no\r\n"
    for kind, none in ((k, n) for k in KINDS for n in ({}, {"CAPA": bare, "UIDL": bare})):
        box = Box(folder / kind, kind)
        box.empty()
        server = Server(MAIL, capabilities=["USER"])  # without CAPA it is tried
        for faults in ({**none, "LIST": bare}, {**none, "LIST": later},
                       {"CAPA": bare, "UIDL": later}):
            Visit(server, box, "--delete", faults=faults).expect(
                FAILED, "cannot be listed", here=[], left=ALL)
        Visit(server, box, "--delete", faults={**none, "LIST": (9, "cut")}).expect(
            FAILED, here=[], left=ALL)
        Visit(server, box, "--delete", faults={**none, "RETR 2": bare}).expect(
            SOME, "message 2: no", "3 fetched, 1 failed", here=[1, 3, 4], left=[2])
        Visit(server, box, "--delete", faults=none).expect(0, here=ALL, left=[])
        server.stop()


def test_uidl_goes_away(folder):
    """A server that had unique-ids and has none for a visit: all would come twice."""
    for kind in KINDS:
        box = Box(folder / kind, kind)
        server = Server(MAIL)
        Visit(server, box).expect(0, here=ALL, left=ALL)
        server.capabilities = ["USER"]
        for options in ([], DELETE):
            Visit(server, box, *options, faults={"UIDL": b"-ERR what\r\n"}).expect(
                FAILED, "--seen", here=ALL, left=ALL)
        server.capabilities = ["USER", "UIDL"]
        all_once(server, box, kind)
        server.stop()


def test_list(folder):
    """--list shows what can be shown, and its exit code says whether that is all."""
    box = Box(folder / "x", "maildir")
    server = Server(MAIL)
    for faults, code, rows in (
            ({}, 0, 4), ({"LIST": b"-ERR no\r\n"}, SOME, 0), ({"STAT": b"-ERR no\r\n"}, SOME, 4),
            ({"UIDL": b"-ERR no\r\n"}, 0, 4), ({"LIST": (12, "cut")}, FAILED, None)):
        server.faults, server.said = faults, []
        got, out, errors = run(
            [PROGRAM, "--server", f"127.0.0.1:{server.port}", "--user", "alice",
             "--password-file", secret_file(SECRET), "--tls", "none", "--insecure", "--list"])
        peers.sanitizers_silent(errors)
        check(got == code, faults, got, out, errors)
        found = re.findall(r"^ +(\d+) +(\d+) (\S+)$", out, re.M)
        check(rows is None or len(found) == rows, faults, out)
        check("UIDL" in faults or not rows or [f[2] for f in found] == [u for u, _ in MAIL],
              out)
    check(len(server.drop) == 4 and not box.messages())
    server.stop()


# ---- cuts ----------------------------------------------------------------------------------

def test_cut(folder):
    """The connection ends within an answer, or with it."""
    gone = "not committed: the server has deleted nothing"
    cases = [(f"{command} {n}", {command: (n, "cut")}, options, FAILED,
              [gone] if options and command == "UIDL" else [], [], ALL)
             for command, places in (("GREETING", (0, 2, 9)), ("CAPA", (0, 3, 12, 20)),
                                     ("USER", (0, 2)), ("PASS", (0, 4)),
                                     ("UIDL", (0, 5, 9, 20, 40, 41)))
             for n in places for options in ([], DELETE)]
    for options in ([], DELETE):
        said = [gone] if options else []
        cases.append(("UIDL -1", {"UIDL": (-1, "cut")}, options, FAILED, said, [], ALL))
        for n in ALL:
            for at in (0, 1, 4, 5, 6, 60, len(MAIL[n - 1][1])):
                cases.append((f"RETR {n} {at}", {f"RETR {n}": (at, "cut")}, options, FAILED,
                              said, ALL[:n - 1], ALL))
            cases.append((f"UIDL {n}", {f"UIDL {n}": (4, "cut")}, options, FAILED, said,
                          ALL[:n - 1], ALL))
            cases.append((f"RETR {n} -1", {f"RETR {n}": (-1, "cut")}, options, None, said,
                          ALL[:n], ALL))
    cases += [(f"DELE 2 {n}", {"DELE 2": (n, "cut")}, DELETE, FAILED, [gone], None, ALL)
              for n in (0, 2, -1)]
    return each(folder, cases)


def test_cut_at_quit(folder):
    """After QUIT was sent: before its answer, within it, after it."""
    unknown = ["unknown: QUIT was sent"]
    cases = []
    for n in (0, 2, 7):
        cases += [(f"QUIT {n}", {"QUIT": (n, "cut")}, DELETE, None, unknown, ALL, []),
                  (f"QUIT {n} lost", {"QUIT": (n, "cut"), "QUIT-LOST": b""}, DELETE, None,
                   unknown, ALL, ALL),
                  (f"QUIT {n}", {"QUIT": (n, "cut")}, [], None, [], ALL, ALL)]
    cases += [("QUIT answered", {"QUIT": (-1, "cut")}, DELETE, 0, ["committed: "], ALL, []),
              ("QUIT answered", {"QUIT": (-1, "cut")}, [], 0, [], ALL, ALL)]
    return each(folder, cases)


def test_second_visit(folder):
    """What was fetched by a visit that kept it all is to be deleted by one that fails."""
    bare = b"-ERR no\r\n"
    faults = [({"UIDL": bare}, FAILED, ALL), ({"UIDL": (12, "cut")}, FAILED, ALL),
              ({"STAT": (3, "cut")}, FAILED, ALL), ({"DELE 1": bare}, SOME, [1]),
              ({"DELE": bare}, SOME, ALL), ({"DELE 3": (0, "cut")}, FAILED, ALL),
              ({"DELE 4": (-1, "cut")}, FAILED, ALL), ({"QUIT": bare}, SOME, []),
              ({"QUIT": bare, "QUIT-LOST": b""}, SOME, ALL),
              ({"QUIT": (0, "cut")}, None, []), ({"QUIT": (-1, "cut")}, 0, []),
              ({"QUIT": (1, "cut"), "QUIT-LOST": b""}, None, ALL)]

    def one(kind, fault, code, left):
        box = Box(folder / str(threading.get_ident()), kind)
        box.empty()
        server = Server(MAIL)
        Visit(server, box).expect(0, here=ALL, left=ALL)
        Visit(server, box, "--delete", faults=fault).expect(code, here=ALL, left=left)
        all_once(server, box, f"{kind}: {fault}")
        server.stop()

    together(one, [(kind, *f) for kind in KINDS for f in faults])


# ---- listings ------------------------------------------------------------------------------

def listing(*numbers, drop=MAIL):
    return b"+OK\r\n" + b"".join(
        b"%d %s\r\n" % (n, drop[n - 1][0].encode()) for n in numbers) + b".\r\n"


def test_listings(folder):
    """What is listed is not what is there: less, more, twice, in disorder, nonsense."""
    short = "names"
    cases = [("empty", {"UIDL": listing()}, [], SOME, [short], [], ALL),
             ("empty", {"UIDL": listing()}, DELETE, SOME, [short], [], ALL),
             ("short", {"UIDL": listing(1, 2)}, [], SOME, [short], [1, 2], ALL),
             ("short", {"UIDL": listing(1, 2)}, DELETE, SOME, [short], [1, 2], [3, 4]),
             ("gap", {"UIDL": listing(1, 3, 4)}, DELETE, SOME, [], None, None),
             ("gap", {"UIDL": listing(2, 4)}, DELETE, SOME, [], None, None),
             ("disorder", {"UIDL": listing(4, 3, 2, 1)}, DELETE, None, [], None, None),
             ("twice", {"UIDL": listing(1, 2, 2, 3, 4)}, DELETE, None, [], None, None),
             ("more", {"UIDL": listing(1, 2, 3, 4)[:-3] + b"5 uid-5\r\n.\r\n"}, DELETE, SOME,
              ["4 fetched, 1 failed"], ALL, []),
             ("nonsense", {"UIDL": b"+OK\r\n1 uid-1\r\nx y z\r\n3 uid-3\r\n4 uid-4\r\n.\r\n"},
              DELETE, SOME, ["1 failed"], None, None)]
    # The faulty listing is that of the whole maildrop only: UIDL n is answered as always.
    for i, case in enumerate(cases):
        faults = {f"UIDL {n}": b"+OK %d uid-%d\r\n" % (n, n) for n in ALL}
        faults["UIDL 5"] = b"-ERR no such message\r\n"
        cases[i] = (case[0], {**faults, **case[1]}, *case[2:])
    return each(folder, cases)


def test_listing_gets_shorter(folder):
    """A second visit that lists less than there is does not make the rest forgotten."""
    def one(kind, options, shown):
        box = Box(folder / str(threading.get_ident()), kind)
        box.empty()
        server = Server(MAIL)
        Visit(server, box).expect(0, here=ALL, left=ALL)
        Visit(server, box, *options, faults={"UIDL": listing(*shown)}).expect(
            SOME, here=ALL)
        all_once(server, box, f"{kind} {options} {shown}")
        server.stop()

    together(one, [(kind, options, shown) for kind in KINDS for options in ([], DELETE)
                   for shown in ((), (1,), (1, 2, 3), (2, 3, 4))])


def test_empty_drop(folder):
    for kind in KINDS:
        box = Box(folder / kind, kind)
        server = Server([])
        for options in ([], DELETE):
            Visit(server, box, *options).expect(0, here=[], counts=(0, 0, 0, 0))
        server.drop = list(MAIL)
        all_once(server, box, kind)
        server.stop()


TWINS = [("same", message("the first of two")), ("same", message("the second of two")),
         ("other", message("another")), ("same", message("the third of two"))]


def test_same_unique_id(folder):
    """Messages with one unique-id are told apart by nothing but their order: when one of them
    does not come, none that follows may stand for it."""
    bare = b"-ERR no\r\n"
    cases = [("none", {}, options, 0, [], None, None) for options in ([], DELETE)]
    for options in ([], DELETE):
        for n in ALL:
            cases += [(f"RETR {n}", {f"RETR {n}": bare}, options, SOME, [], None, None),
                      (f"UIDL {n}", {f"UIDL {n}": bare}, options, SOME, [], None, None),
                      (f"RETR {n} cut", {f"RETR {n}": (30, "cut")}, options, FAILED, [],
                       None, None)]
        cases += [("QUIT lost", {"QUIT": (0, "cut"), "QUIT-LOST": b""}, options, None, [],
                   None, None)]
    return each(folder, cases, TWINS)


def test_odd_unique_ids(folder):
    """Unique-ids that RFC 1939 7 does not allow: the message is fetched, or it is said that
    it was not; in any case once, and the others are."""
    odd = [b"", b" ", b"two words", b"\x01", b"\xff\xfe", b"nul\0nul", b"= uid-1", b"+ 1 x",
           b"a:b/../c", *(b"n" * n for n in (69, 70, 71, 72, 73, 200))]

    def one(kind, uid, place):
        box = Box(folder / str(threading.get_ident()), kind)
        box.empty()
        names = [u.encode() for u, _ in MAIL]
        names[place - 1] = uid
        faults = {f"UIDL {n}": b"+OK %d %s\r\n" % (n, name)
                  for n, name in enumerate(names, 1)}
        faults["UIDL"] = b"+OK\r\n" + b"".join(b"%d %s\r\n" % (n, name) for n, name in
                                              enumerate(names, 1)) + b".\r\n"
        server = Server(MAIL)
        for options in ([], [], DELETE):
            visit = Visit(server, box, *options, faults=faults)
            what = f"{kind}, {uid} is that of {place}, {options}: {visit}"
            others = [c for i, (_, c) in enumerate(MAIL, 1) if i != place]
            got = list(visit.messages)
            if MAIL[place - 1][1] in got:
                got.remove(MAIL[place - 1][1])
            else:
                check(visit.code != 0, what)
                check(place in [n for n, m in enumerate(MAIL, 1) if m in server.drop], what)
            check(got == [m for m in got if m in others] and len(set(got)) == len(got), what)
            check(visit.code == FAILED or len(got) == len(others), what)
        server.stop()

    return f"ok: {together(one, [(k, u, n) for k in KINDS for u in odd for n in (1, 2, 4)])}"


# ---- a full disk ---------------------------------------------------------------------------

def test_full_disk(folder):
    """No file can grow beyond a limit: a message, the mbox file, the list of what was
    fetched, at each of their lines."""
    mail = [(f"unique-id-{i}-" + "u" * 45, message("y" * (i * 41 % 330), subject=str(i)))
            for i in range(8)]
    need("env", "prlimit")
    killed = []

    def one(kind, dies, options, limit):
        box = Box(folder / str(threading.get_ident()), kind)
        box.empty()
        server = Server(mail)
        visit = Visit(server, box, *options, limit=limit, dies=dies)
        what = f"{kind} {options} limit {limit}: {visit}"
        if visit.code < 0:
            killed.append(limit)
        elif visit.code == 0:
            check(len(visit.messages) == len(mail), what)
        else:
            check("File too large" in visit.errors or
                  "No space left on device" in visit.errors, what)
            check(visit.code == FAILED or len(visit.messages) < len(mail), what)
        all_once(server, box, what, mail)
        server.stop()

    count = together(one, [
        (kind, dies, options, limit) for kind in KINDS
        for dies, options in ((False, []), (False, DELETE), (True, []))
        for limit in range(0, 4400 if kind == "mbox" else 1700, 3 if FULL else 97)])
    check(len(killed) > 5, "was hardly ever killed:", killed)
    return f"ok: {count} limits, {len(killed)} times killed"


def test_no_folder(folder):
    """A Maildir whose new/ is no folder: the message stays where it is."""
    box = Box(folder, "maildir")
    for name in ("tmp", "cur"):
        (box.path / name).mkdir(parents=True)
    (box.path / "new").write_bytes(b"")
    server = Server(MAIL)
    for options in ([], DELETE):
        visit = Visit(server, box, *options)
        check(visit.code in (SOME, FAILED) and len(server.drop) == 4, visit)
    (box.path / "new").unlink()
    all_once(server, box, "new/ was a file")
    server.stop()


# ---- after a crash -------------------------------------------------------------------------

def broken_off(folder, kind):
    """A box and its list as they are when nothing was tidied up."""
    box = Box(folder / kind, kind)
    server = Server(MAIL)
    Visit(server, box, faults={"QUIT": (0, "cut")})
    server.stop()
    lines = box.seen.read_bytes().splitlines(True)
    check([x[:2] for x in lines] == [b"# "] + [b"+ ", b"= "] * 4, lines)
    return box, lines


def restore(box, kept):
    box.empty()
    if box.kind == "maildir":
        shutil.copytree(kept, box.path)
    else:
        for path in kept.iterdir():
            shutil.copy(path, box.path.with_name(path.name))


def cuts_of(lines, first):
    """Where a list may have been cut from line `first` on."""
    begin = sum(map(len, lines[:first]))
    end = begin + sum(map(len, lines[first:]))
    some = set(range(begin, end + 1, 1 if FULL else 9))
    ends = {sum(map(len, lines[:i])) for i in range(first, len(lines) + 1)}
    return sorted(some | ends | {e - 1 for e in ends if e > begin})


def test_crash_maildir(folder):
    """The power goes while a line is written: the last message is in tmp/ or in new/, as
    the steps before that line have left it."""
    box, lines = broken_off(folder, "maildir")
    kept = folder / "kept"
    shutil.copytree(box.path, kept)
    place = lines[-2].split()[1].decode()
    marked = sum(map(len, lines[:-1]))  # the line `+` is whole from here on
    count = 0
    for cut in cuts_of(lines, len(lines) - 2):
        for where in ("tmp", "new", "cur", "nowhere"):
            if where in ("new", "cur") and cut < marked or \
                    where in ("tmp", "nowhere") and cut == marked + len(lines[-1]):
                continue  # never so
            restore(box, kept)
            if where == "nowhere":
                (box.path / "new" / place).unlink()
            elif where == "cur":  # somebody has read it meanwhile
                (box.path / "new" / place).rename(box.path / "cur" / (place + ":2,S"))
            else:
                (box.path / "new" / place).rename(box.path / where / place)
            box.seen.write_bytes(b"".join(lines)[:cut] + b"\0" * (count % 3 * 40))
            server = Server(MAIL)
            all_once(server, box, f"cut at {cut}, {where}")
            server.stop()
            count += 1
    return f"ok: {count} crashes"


def test_crash_mbox(folder):
    """The same; the file ends anywhere within the last message."""
    box, lines = broken_off(folder, "mbox")
    kept = folder / "kept"
    kept.mkdir()
    for name in ("box", "box.part"):
        shutil.copy(box.path.with_name(name), kept / name)
    whole = box.path.read_bytes()
    begin, marked = int(lines[-2].split()[1]), sum(map(len, lines[:-1]))
    check(whole[begin:].startswith(b"From MAILER-DAEMON"), whole, begin)
    count = 0
    for cut in cuts_of(lines, len(lines) - 2):
        ends = [begin, begin + 1, begin + 50, len(whole) - 1, len(whole)]
        for end in ends[:1] if cut < marked else ends if cut < marked + len(lines[-1]) \
                else ends[-1:]:
            restore(box, kept)
            os.truncate(box.path, end)
            box.seen.write_bytes(b"".join(lines)[:cut])
            server = Server(MAIL)
            all_once(server, box, f"cut at {cut}, the file at {end}")
            server.stop()
            count += 1
    return f"ok: {count} crashes"


def test_no_list(folder):
    """A list without its first line is none: nothing is fetched, nothing forgotten."""
    for kind in KINDS:
        box, lines = broken_off(folder, kind)
        for content in (b"", lines[0][:1], lines[0][:5], lines[0][:-1], lines[0][:-3] + b"\n",
                        b"\n", b"= uid-1\n", b"\0" * 300):
            box.seen.write_bytes(content)
            server = Server(MAIL)
            if content:  # an empty one is as good as none
                Visit(server, box, "--delete").expect(FAILED, "box.seen", here=ALL, left=ALL)
                check(box.seen.read_bytes() == content, "the list was changed")
            server.stop()
        box.seen.write_bytes(b"".join(lines))
        server = Server(MAIL)
        all_once(server, box, kind)
        server.stop()


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
