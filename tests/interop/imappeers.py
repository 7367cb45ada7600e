"""What the tests with real IMAP clients share: our server with its IMAP side on, and a bare
client that says lines and shows what came back. Knows nothing of other people's programs."""
import imaplib
import re
import socket
import ssl

from peers import certificates, check, wait_for
from pop3peers import USERS, MailServer

PASSWORD = USERS["alice"]


def trusting():
    return ssl.create_default_context(cafile=str(certificates().ca))


class ImapServer(MailServer):
    """mailproto-mailserver with IMAP beside POP3."""
    def __init__(self, folder, *options, **how):
        tls = how.get("tls", True)
        more = ["--imap", "127.0.0.1:0"] + (["--imaps", "127.0.0.1:0"] if tls else [])
        super().__init__(folder, *more, "--auth-in-clear", *options, **how)
        said = dict(re.findall(r"(IMAPS?) on \S+:(\d+)$", self.log(), re.M))
        self.imap_port = int(said["IMAP"])
        self.imaps_port = int(said.get("IMAPS", 0))

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
