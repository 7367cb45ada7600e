"""What the tests with real IMAP clients share: our server with its IMAP side on, and a bare
client that says lines and shows what came back. Knows nothing of other people's programs."""
import imaplib
import os
import re
import smtplib
import socket
import ssl
import sys

import peers
from peers import certificates, check, message, wait_for
from pop3peers import USERS, MailServer
from ports import free_ports

PASSWORD = USERS["alice"]


def trusting():
    return ssl.create_default_context(cafile=str(certificates().ca))


class ImapServer(MailServer):
    """mailproto-mailserver with IMAP beside POP3; `ports`: for IMAP and IMAPS."""
    def __init__(self, folder, *options, ports=None, **how):
        tls = how.get("tls", True)
        ports = ports or free_ports(2)  # again() wants the same ones
        more = ["--imap", f"127.0.0.1:{ports[0]}"]
        more += ["--imaps", f"127.0.0.1:{ports[1]}"] if tls else []
        self.options, self.how = options, how
        super().__init__(folder, *more, "--auth-in-clear", *options, **how)
        said = dict(re.findall(r"(IMAPS?) on \S+:(\d+)$", self.log(), re.M))
        self.imap_port = int(said["IMAP"])
        self.imaps_port = int(said.get("IMAPS", 0))

    def kill(self):
        """At once, whatever it does."""
        self.process.process.kill()
        self.process.stop()
        peers.sanitizers_silent(self.log())
        logs = len(list(self.folder.glob("log*")))
        (self.folder / "log").rename(self.folder / f"log.{logs}")

    def again(self):
        """Another one in its place, after kill() or stop()."""
        if (self.folder / "log").exists():
            (self.folder / "log").unlink()
        return ImapServer(self.folder, *self.options, **self.how,
                          ports=(self.imap_port, self.imaps_port))

    def login(self, how="clear", user="alice"):
        """imaplib's client, logged in."""
        if how == "tls":
            client = imaplib.IMAP4_SSL("localhost", self.imaps_port, ssl_context=trusting(),
                                       timeout=60)
        else:
            client = imaplib.IMAP4("localhost", self.imap_port, timeout=60)
        if how == "starttls":
            client.starttls(trusting())
        ok(client.login(user, self.users[user]))
        return client


def ok(answer):
    """The data of an answer that has to be OK."""
    check(answer[0] == "OK", answer)
    return answer[1]


def bodies(fetched):
    """The literals in what imaplib's fetch() gave."""
    return [part[1] for part in fetched if isinstance(part, tuple)]


class Bare:
    """Lines to the server, and lines back with their literals in."""
    def __init__(self, port, user="alice"):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.file = self.socket.makefile("rb")
        self.count = 0
        check(self.line().startswith(b"* OK"), "no greeting")
        check(self.ask(f"LOGIN {user} {USERS[user]}")[-1].split()[1] == b"OK", "no login")

    def line(self):
        line = self.file.readline()
        check(line.endswith(b"\r\n"), "the connection ended:", line)
        while literal := re.search(rb"\{(\d+)\}\r\n$", line):
            line += self.file.read(int(literal.group(1))) + self.file.readline()
        return line[:-2]

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def ask(self, text):
        """All lines of the answer, the tagged one last."""
        self.count += 1
        tag = f"T{self.count}".encode()
        self.send(tag + b" " + text.encode() + b"\r\n")
        lines = [self.line()]
        while not lines[-1].startswith(tag + b" "):
            lines.append(self.line())
        return lines

    def ok(self, text):
        lines = self.ask(text)
        check(lines[-1].split()[1] == b"OK", text, lines)
        return lines

    def refused(self, text, what="NO"):
        lines = self.ask(text)
        check(lines[-1].split()[1] == what.encode(), text, lines)
        return lines[-1]

    def idle(self):
        self.send("I IDLE\r\n")
        check(self.line().startswith(b"+"), "no continuation")

    def until(self, *wanted):
        """Lines up to the last of those that are awaited, whatever their order."""
        got = []
        while not all(any(w in line for line in got) for w in wanted):
            got.append(self.line())
        return got

    def done(self):
        self.send("DONE\r\n")
        lines = [self.line()]
        while not lines[-1].startswith(b"I "):
            lines.append(self.line())
        return lines

    def close(self):
        self.ask("LOGOUT")
        self.socket.close()


def files(server, user, folder=""):
    """Names of the messages' files below a folder of a Maildir."""
    top = server.maildir(user) / folder if folder else server.maildir(user)
    return sorted(p.name for part in ("new", "cur") for p in (top / part).glob("*"))


def settles(server, user, count, folder=""):
    wait_for(lambda: len(files(server, user, folder)) == count,
             f"{count} files in {folder or 'INBOX'}")


def need_imap():
    """Ends the test file when the server was built without IMAP."""
    if "--imaps" not in peers.run([peers.find_program("mailproto-mailserver"), "--help"])[1]:
        print("skipped: mailproto-mailserver is built without IMAP (needs libsqlite3-dev)")
        sys.exit(77)


FLAG_LETTERS = {b"\\Draft": "D", b"\\Flagged": "F", b"\\Answered": "R", b"\\Seen": "S"}


def subjects(client):
    """UID to (subject, flags as letters), of the selected mailbox."""
    found = {}
    for line in client.ok("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[:-1]:
        if uid := re.search(rb" FETCH \(.*?UID (\d+)", line):
            flags = re.search(rb"FLAGS \(([^)]*)\)", line).group(1).split()
            subject = re.search(rb"^Subject: ([^\r\n]*)", line, re.M).group(1).decode()
            found[int(uid.group(1))] = (
                subject, "".join(sorted(FLAG_LETTERS.get(f, "") for f in flags)))
    return found


# ---- which client uses what --------------------------------------------------------------

# As the server's transcript shows it, and as docs/interop.md says.
FEATURES = {
    "STARTTLS": r" C: \S+ STARTTLS$",
    "AUTHENTICATE": r" C: \S+ AUTHENTICATE ",
    "IDLE": r" C: \S+ IDLE$",
    "LITERAL+": r" C: .*\{\d+\+\}$",
    "CONDSTORE": r" C: .*(CONDSTORE|CHANGEDSINCE|UNCHANGEDSINCE|MODSEQ)",
    "QRESYNC": r" C: .*(ENABLE QRESYNC|\(QRESYNC \()",
}
USES = {
    "mbsync": {"STARTTLS", "AUTHENTICATE", "LITERAL+"},
    "offlineimap3": {"STARTTLS", "AUTHENTICATE", "IDLE"},
    "mutt": {"STARTTLS", "IDLE", "CONDSTORE", "QRESYNC"},
    "neomutt": {"STARTTLS", "AUTHENTICATE", "IDLE", "CONDSTORE", "QRESYNC"},
    "imapfilter": {"STARTTLS", "IDLE"},
    "Mail::IMAPClient": {"STARTTLS", "AUTHENTICATE", "IDLE"},
    "curl": {"STARTTLS", "AUTHENTICATE"},
    "fetchmail": {"STARTTLS", "AUTHENTICATE", "IDLE"},
    "getmail6": {"IDLE"},
    "imaplib": {"STARTTLS", "AUTHENTICATE", "IDLE", "LITERAL+", "CONDSTORE", "QRESYNC"},
}


def covers(server, client):
    """The server's transcript (--verbose) has what USES says of that client, and no more."""
    log = server.log()
    got = {name for name, what in FEATURES.items() if re.search(what, log, re.M | re.I)}
    check(got == USES.get(client), client, "uses", got, "not", USES.get(client))


# ---- programs that wait for mail ---------------------------------------------------------

def deliver(server):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as c:
        c.sendmail("a@src.test", ["alice@mail.test"], message("a new one"))


def waits_then(server, program, ready):
    """Mail comes when the program has said that it is ready, and waits in IDLE."""
    def waits():
        check(program.alive(), "it ended:", program.log()[-3000:])
        return ready() and re.search(r" C: \S+ IDLE$", server.log(), re.M)
    wait_for(waits, "IDLE")
    deliver(server)


def idle(folder, server, command, env, count):
    """A program that stays, and brings what comes at once: count() grows."""
    program = peers.Process(command, folder / "idle.log", env={**os.environ, **env})
    before = []
    waits_then(server, program, lambda: before.append(count()) is None)
    wait_for(lambda: count() > before[-1], "the new message")
    program.stop(1)  # some of them do not end when they are asked to
