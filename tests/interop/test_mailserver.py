#!/usr/bin/env python3
"""The mail server example as a whole: what it accepts it delivers, byte for byte, whatever
happens in between.

Runs build/.../mailproto-mailserver on free ports of loopback, with queues and Maildirs in
a temporary folder. Its clients are Python's smtplib and plain sockets; its next servers
are itself and a small scripted one. Standard library only. Arguments: names of tests."""
import email
import email.policy
import glob
import os
import pathlib
import random
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
from ports import free_ports  # noqa: E402

FULL = os.environ.get("MAILPROTO_FULL", "0") not in ("", "0", "OFF")


def find_program():
    build = os.environ.get("MAILPROTO_BUILD", "build")
    found = [p for p in glob.glob(build + "/**/mailproto-mailserver", recursive=True)
             if os.path.isfile(p) and os.access(p, os.X_OK)]
    if not found:
        print("skipped: mailproto-mailserver is not built (needs libssl-dev)")
        sys.exit(77)
    return found[0]


PROGRAM = find_program()
WORK = pathlib.Path(tempfile.mkdtemp(prefix="mailproto-mailserver."))


class Failure(Exception):
    pass


def check(condition, *what):
    if not condition:
        raise Failure(" ".join(str(w) for w in what) or "check failed")


def wait_for(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise Failure(f"waited {seconds} s for: {what}")


# ---- the server -------------------------------------------------------------------------

class Server:
    """A running mailproto-mailserver; `folder` keeps its queue and its Maildirs."""
    running = []

    def __init__(self, folder, *options, name="mx.test", port=0):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.queue = self.folder / "queue"
        self.mail = self.folder / "mail"
        self.log_path = self.folder / f"log.{time.monotonic_ns()}"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "--name", name, "--listen", f"127.0.0.1:{port}", "--queue",
                 str(self.queue), *options], stderr=log, stdout=log)
        Server.running.append(self)
        self.port = int(wait_for(self._ready, "the server to start").group(1))

    def _ready(self):
        check(self.process.poll() is None, "the server ended:", self.log())
        return re.search(r"ready on \S+:(\d+)\n", self.log())

    def log(self):
        return self.log_path.read_text(errors="replace")

    def connect(self):
        return Raw(self.port)

    def client(self, **options):
        return smtplib.SMTP("127.0.0.1", self.port, timeout=60, **options)

    def new(self, user):
        """Messages in a Maildir, as bytes, oldest first."""
        folder = self.mail / user / "Maildir" / "new"
        return [p.read_bytes() for p in sorted(folder.glob("*"))]

    def waiting(self):
        return len(list(self.queue.glob("*.env")))

    def empty(self):
        """Nothing waits, and nothing of what did is left."""
        return not list(self.queue.glob("*.env")) and not list(self.queue.glob("*.msg"))

    def unfinished(self):
        return list(self.queue.glob("tmp/*"))

    def kill(self):
        self.process.kill()
        self.process.wait()
        Server.running.remove(self)

    def stop(self, seconds=60):
        Raw.close_all()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure("the server did not stop") from None
        Server.running.remove(self)
        check(code == 0, "the server ended with", code, self.log()[-3000:])
        check("runtime error" not in self.log(), self.log()[-3000:])


def local(folder, *options, name="mx.test", domain="dest.test", **more):
    """A server with mailboxes at a domain."""
    return Server(folder, "--local-domain", domain, "--maildir-root",
                  str(pathlib.Path(folder) / "mail"), *options, name=name, **more)


RELAY = ("--relay-net", "127.0.0.0/8", "--relay-tls", "none", "--retry-min", "1")


def relay(folder, to, *options, **more):
    """A server that passes mail for far.test on to a port; src.test is its own."""
    return local(folder, *RELAY, "--route", f"far.test=127.0.0.1:{to}", *options,
                 domain="src.test", **more)


class Raw:
    """A client that sees every byte."""
    open = []

    def __init__(self, port, greeting=220):
        Raw.open.append(self)
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb")
        self.expect(greeting)

    def send(self, *lines):
        self.socket.sendall(b"".join(x if isinstance(x, bytes) else x.encode() + b"\r\n"
                                     for x in lines))

    def reply(self):
        lines = []
        while True:
            line = self.file.readline()
            check(line.endswith(b"\r\n"), "no reply:", line)
            lines.append(line.decode().rstrip("\r\n"))
            if line[3:4] != b"-":
                return int(line[:3]), "\n".join(lines)

    def expect(self, code, text=""):
        got, said = self.reply()
        check(got == code and text in said, f"expected {code} {text}, got: {said}")
        return said

    def command(self, line, code, text=""):
        self.send(line)
        return self.expect(code, text)

    def envelope(self, sender, *recipients, mail=""):
        self.command(f"MAIL FROM:<{sender}>{mail}", 250)
        for r in recipients:
            self.command(f"RCPT TO:<{r}>", 250)
        self.command("DATA", 354)

    def start(self, sender, *recipients, mail=""):
        self.command("EHLO client.test", 250)
        self.envelope(sender, *recipients, mail=mail)

    def content(self, data, code=250, text=""):
        self.send(stuffed(data))
        return self.expect(code, text)

    def start_tls(self, context):
        self.command("STARTTLS", 220)
        self.file.close()
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    @classmethod
    def close_all(cls):
        while cls.open:
            cls.open.pop().close()


def stuffed(data):
    return re.sub(rb"(?m)^\.", b"..", data) + b".\r\n"


def message(text="Hello", subject="A test", extra=""):
    return (f"From: a@src.test\r\nTo: b@dest.test\r\nSubject: {subject}\r\n{extra}\r\n"
            f"{text}\r\n").encode()


def number_of(content):
    return int(re.search(rb"number (\d+)\.", content).group(1))


def below_trace(stored):
    """The trace fields on top, unfolded, and the content below them."""
    fields, rest = [], stored
    while True:
        match = re.match(rb"((?:Return-Path|Received): .*\r\n(?:[ \t].*\r\n)*)", rest)
        if not match:
            return fields, rest
        fields.append(re.sub(rb"\r\n[ \t]+", b" ", match.group(1)).decode().strip())
        rest = rest[match.end():]


# ---- a scripted next server ---------------------------------------------------------------

class Sink:
    """Takes mail as told. `rcpt` is called for the reply to each recipient, `limit` of
    which a message may have; what is taken is kept in `messages` as (MAIL line,
    recipients, content)."""

    def __init__(self, rcpt=None, caps=("PIPELINING", "8BITMIME", "SMTPUTF8"), port=0,
                 delay=0.0, greeting="220 sink.test", limit=1000):
        self.rcpt = rcpt or (lambda address: "250 ok")
        self.caps, self.delay, self.greeting, self.limit = caps, delay, greeting, limit
        self.messages, self.connections, self.asked, self.sockets = [], [], [], []
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.append(time.monotonic())
            self.sockets.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection, connection.makefile("rb") as file:
                self._talk(lambda text: connection.sendall(text.encode() + b"\r\n"), file)
        except (OSError, ValueError):
            pass

    def _talk(self, say, file):
        mail, recipients = "", []
        say(self.greeting)
        while True:
            line = file.readline().decode().rstrip("\r\n")
            verb = line[:4].upper()
            if verb in ("", "QUIT"):
                say("221 bye")
                return
            if verb in ("EHLO", "HELO"):
                names = ["sink.test", *(self.caps if verb == "EHLO" else ())]
                for name in names[:-1]:
                    say("250-" + name)
                say("250 " + names[-1])
            elif verb == "MAIL":
                mail, recipients = line, []
                say("250 ok")
            elif verb == "RCPT":
                address = re.search("<(.*)>", line).group(1)
                self.asked.append(address)
                answer = self.rcpt(address) if len(recipients) < self.limit \
                    else "452 4.5.3 too many"
                if answer.startswith("2"):
                    recipients.append(address)
                say(answer)
            elif verb == "DATA" and recipients:
                say("354 go on")
                content = self._content(file)
                if content is None:
                    return
                time.sleep(self.delay)
                self.messages.append((mail, recipients, content))
                say("250 taken")
            else:
                say("554 no valid recipients" if verb == "DATA" else "250 ok")

    @staticmethod
    def _content(file):
        content = []
        while True:
            line = file.readline()
            if line in (b".\r\n", b""):
                return b"".join(content) if line else None
            content.append(line[1:] if line.startswith(b".") else line)

    def close(self):
        for s in (self.listener, *self.sockets):
            try:
                s.shutdown(socket.SHUT_RDWR)  # wakes who waits in it
            except OSError:
                pass
        self.listener.close()


def try_sink(port, **options):
    try:
        return Sink(port=port, **options)
    except OSError:
        return None


# ---- the tests -------------------------------------------------------------------------------

def test_byte_equality(folder):
    bodies = {
        "plain": message(),
        "dots": message(".\r\n..\r\n...\r\n.hidden\r\n\r\n.\r\ntext\r\n."),
        "8bit": message("\u00fcn\u00efc\u00f6de \U0001f95e").replace(b"e", b"\xff"),
        "no body": b"Subject: nothing else\r\n\r\n",
        "no header": b"\r\nbody\r\n",
        "nothing": b"",
        "long header": message(extra="X: " + "y" * 900 + "\r\n" + "".join(
            f"References: <{i}@x.test>\r\n\t<{i}b@x.test>\r\n" for i in range(300))),
        "long line": message("z" * 70000),
        "trailing lines": message("end\r\n\r\n\r\n\r\n"),
        "return-path": b"Return-Path: <x@y.test>\r\nReceived: by z; now\r\n" + message(),
        "large": message("\r\n".join("." * (i % 4) + "x" * (i % 70)
                                     for i in range(60000))),
    }
    far = local(folder / "far", domain="far.test", name="far.test")
    near = relay(folder / "near", far.port)
    for i, data in enumerate(bodies.values()):
        c = near.connect()
        c.start("alice@src.test", f"bob{i}@far.test", mail=" BODY=8BITMIME")
        c.content(data)
        c.command("QUIT", 221)
        c.close()
    for i, (name, data) in enumerate(bodies.items()):
        stored = wait_for(lambda user=f"bob{i}": far.new(user), name)[0]
        check(stored.endswith(data), name, "did not arrive as it was sent")
        fields, rest = below_trace(stored[:len(stored) - len(data)])
        check(len(fields) == 3 and rest == b"", name, "has on top", fields, rest)
        check(fields[0] == "Return-Path: <alice@src.test>", fields)
        check("by far.test" in fields[1] and " with ESMTP " in fields[1] and
              f"for <bob{i}@far.test>" in fields[1] and "127.0.0.1" in fields[1], fields)
        check("from client.test" in fields[2] and "by mx.test" in fields[2], fields)
    wait_for(near.empty, "an empty queue")
    check(not near.unfinished(), "something was left in the queue")
    check(far.mail.stat().st_mode & 0o777 == 0o700, "the mailboxes are not private")
    near.stop()
    far.stop()


def test_pipelining(folder):
    s = local(folder)
    c = s.connect()
    c.command("EHLO client.test", 250, "PIPELINING")
    for i in range(3):
        c.send("MAIL FROM:<a@src.test>", "RCPT TO:<b@dest.test>", "RCPT TO:<b@other.test>",
               "RCPT TO:<c@dest.test>", "DATA")
        for code in (250, 250, 550, 250, 354):
            c.expect(code)
        # The end of one message and what comes next in one piece.
        c.send(stuffed(message(f"number {i}.")), "MAIL FROM:<>", "RSET", "NOOP")
        for code in (250, 250, 250, 250):
            c.expect(code)
    c.send("MAIL FROM:<a@src.test>", "RCPT TO:<b@other.test>", "DATA", "QUIT")
    for code in (250, 550):
        c.expect(code)
    check(c.reply()[0] in (503, 554), "DATA without recipients")
    c.expect(221)
    c.close()
    wait_for(lambda: len(s.new("b")) == 3 and len(s.new("c")) == 3, "six deliveries")
    check([number_of(m) for m in s.new("b")] == [0, 1, 2], "not in order")
    check(below_trace(s.new("c")[2])[1] == message("number 2."))
    check(all("for <" not in f for f in below_trace(s.new("b")[0])[0]),
          "one recipient of several is told of")
    s.stop()


def test_relay_permission(folder):
    far = Sink()
    route = ("--route", f"far.test=127.0.0.1:{far.port}")
    s = local(folder, *route, "--mailbox", "known", "--relay-tls", "none")
    c = s.connect()
    c.command("EHLO client.test", 250)
    c.command("MAIL FROM:<a@src.test>", 250)
    c.command("RCPT TO:<x@far.test>", 550, "5.7.1")
    c.command("RCPT TO:<x@elsewhere.test>", 550, "5.7.1")
    c.command("RCPT TO:<unknown@dest.test>", 550, "5.1.1")
    c.command("RCPT TO:<x%far.test@dest.test>", 550, "5.1.1")
    c.command('RCPT TO:<"known@far.test"@dest.test>', 550, "5.1.1")
    c.command("RCPT TO:<Known@DEST.test>", 250)
    c.command('RCPT TO:<"known"@dest.test>', 250)
    c.command("RCPT TO:<Postmaster>", 250)
    c.command("QUIT", 221)
    s.stop()
    s = local(folder, *route, *RELAY)
    c = s.connect()
    c.command("EHLO client.test", 250)
    c.command("MAIL FROM:<a@src.test>", 250)
    c.command("RCPT TO:<x@elsewhere.test>", 550, "5.4.4")
    for name in ("../x", "a/b", '"../x"', '"."', '".."', '".hidden"'):
        c.send(f"RCPT TO:<{name}@dest.test>")
        check(c.reply()[0] // 100 == 5, name, "is a mailbox")
    c.command("RCPT TO:<x@FAR.test>", 250)
    c.command("DATA", 354)
    c.content(message())
    wait_for(lambda: far.messages, "the message at the next server")
    check(far.messages[0][1] == ["x@FAR.test"], far.messages[0])
    s.stop()
    s = local(folder, *route, "--relay-net", "10.0.0.0/8", "--relay-net", "127.0.0.2/31",
              "--relay-net", "::1/128")
    c = s.connect()
    c.command("EHLO client.test", 250)
    c.command("MAIL FROM:<a@src.test>", 250)
    c.command("RCPT TO:<x@far.test>", 550, "5.7.1")
    s.stop()
    far.close()


def certificate(folder):
    """A certificate of 127.0.0.1 that is its own authority: (pem, key)."""
    folder.mkdir(parents=True, exist_ok=True)
    pem, key = str(folder / "cert.pem"), str(folder / "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out",
                    pem], check=True, stderr=subprocess.DEVNULL)
    return pem, key


def test_starttls_and_auth(folder):
    if not shutil.which("openssl"):
        return "skipped: openssl is not installed"
    pem, key = certificate(folder)
    users = folder / "users"
    users.write_text("# a comment\nalice:s3cret pass\nbob:other\n")
    tls = ("--cert", pem, "--key", key)
    far = local(folder / "far", *tls, domain="far.test", name="far.test")
    near = local(folder / "near", *tls, "--users", str(users), "--users-only", "--route",
                 f"far.test=127.0.0.1:{far.port}", "--relay-tls", "starttls", "--cafile",
                 pem, "--retry-min", "1", "--verbose", domain="src.test")
    context = ssl.create_default_context(cafile=pem)
    with near.client() as c:
        c.ehlo()
        check(not c.has_extn("auth") and c.has_extn("starttls"), "AUTH in the clear")
        check(c.docmd("AUTH", "PLAIN AGFsaWNlAHMzY3JldCBwYXNz")[0] // 100 == 5)
        c._host = "localhost"  # whose name the certificate has
        c.starttls(context=context)
        c.ehlo()
        check(c.has_extn("auth") and not c.has_extn("starttls"), c.esmtp_features)
        check(c.docmd("MAIL FROM:<alice@src.test>")[0] == 250)
        check(c.docmd("RCPT TO:<bob@far.test>")[0] == 550, "relays for anybody")
        c.rset()
        try:
            c.login("alice", "wrong")
            raise Failure("a wrong password was taken")
        except smtplib.SMTPAuthenticationError as e:
            check(e.smtp_code == 535, e)
        c.login("alice", "s3cret pass")
        check(c.sendmail("alice@src.test", ["bob@far.test", "alice@src.test"],
                         message("over TLS")) == {})
    with near.client() as c:
        c._host = "localhost"
        c.starttls(context=context)
        c.ehlo()
        c.user, c.password = "alice", "s3cret pass"
        c.auth("LOGIN", c.auth_login, initial_response_ok=False)
        c.sendmail("alice@src.test", ["bob@far.test"], message("by LOGIN"))
    got = wait_for(lambda: len(far.new("bob")) == 2 and far.new("bob"), "two messages")
    fields, content = below_trace(got[0])
    check(content == message("over TLS"), content)
    check(" with ESMTPS " in fields[1] and " with ESMTPSA " in fields[2], fields)
    check(len(wait_for(lambda: near.new("alice"), "the local recipient")) == 1)
    c = near.connect()  # the fifth wrong password is the last
    c.command("EHLO x", 250)
    c.start_tls(context)
    c.command("EHLO x", 250)
    for _ in range(5):
        c.command("AUTH PLAIN AGFsaWNlAGJhZA==", 535)
    said = c.expect(421, "Too many failed authentications")
    check(said.startswith("421 4.7.0 "), said)
    # Bytes behind STARTTLS in the clear are never commands inside TLS (RFC 3207 4.2).
    c = near.connect()
    c.command("EHLO x", 250)
    c.send("STARTTLS", "NOOP")
    try:
        while c.file.readline():
            pass
    except OSError:
        pass
    log = near.log()
    check("(credentials" in log and "AUTH PLAIN" in log, "the conversation is not shown")
    for secret in ("s3cret", "AGFsaWNl", "czNjcmV0", "YWxpY2U="):
        check(secret not in log, "the conversation shows", secret)
    near.stop()
    far.stop()


def test_relay_tls(folder):
    """A certificate that does not hold: nothing is handed over; unless nobody asked."""
    if not shutil.which("openssl"):
        return "skipped: openssl is not installed"
    trusted, _ = certificate(folder / "trusted")
    pem, key = certificate(folder / "other")
    far = local(folder / "far", "--cert", pem, "--key", key, domain="far.test")
    plain = local(folder / "plain", domain="far.test")
    for port in (far.port, plain.port):
        near = relay(folder / f"near{port}", port, "--relay-tls", "starttls", "--cafile",
                     trusted)
        with near.client() as c:
            c.sendmail("a@src.test", ["b@far.test"], message())
        wait_for(lambda s=near: " waits " in s.log(), "the attempt to fail")
        near.stop()
    check(not far.new("b") and not plain.new("b"), "handed over without TLS that holds")
    for s, with_word in ((far, " with ESMTPS "), (plain, " with ESMTP ")):
        near = relay(folder / f"open{s.port}", s.port, "--relay-tls", "if-offered")
        with near.client() as c:
            c.sendmail("a@src.test", ["b@far.test"], message())
        fields, _ = below_trace(wait_for(lambda s=s: s.new("b"), "the message")[0])
        check(with_word in fields[1], fields)
        near.stop()
        s.stop()


def test_max_size(folder):
    s = local(folder, "--max-size", "5000")
    c = s.connect()
    said = c.command("EHLO client.test", 250)
    check("SIZE 5000" in said, said)
    c.command("MAIL FROM:<a@src.test> SIZE=5001", 552, "5.3.4")
    exact = message("x" * (5000 - len(message(""))))
    check(len(exact) == 5000)
    c.envelope("a@src.test", "b@dest.test", mail=" SIZE=5000")
    c.content(exact)
    c.envelope("a@src.test", "b@dest.test")
    c.content(exact + b"\r\n", 552, "5.3.4")
    c.envelope("a@src.test", "b@dest.test")
    c.content(message("y\r\n" * 400000), 552, "5.3.4")
    c.command("NOOP", 250)
    got = wait_for(lambda: s.new("b"), "the message")
    check(len(got) == 1 and got[0].endswith(exact))
    check(not s.unfinished(), "a refused message left a file")
    s.stop()


def test_line_ends(folder):
    s = local(folder)
    c = s.connect()
    c.command("EHLO client.test", 250)
    smuggled = (b"MAIL FROM:<evil@src.test>\r\nRCPT TO:<b@dest.test>\r\nDATA\r\n"
                b"Subject: smuggled\r\n\r\n")
    for bad in (b"a\nb", b"a\rb", b"a\0b", b"a\n.\n" + smuggled, b"a\n.\r\n" + smuggled,
                b"a\r\n.\n" + smuggled, b"a\r.\r\n" + smuggled, b"a\r\n.\r" + smuggled):
        c.envelope("a@src.test", "b@dest.test")
        c.send(b"Subject: x\r\n\r\n" + bad + b"\r\n.\r\n")
        c.expect(550)
        c.command("NOOP", 250)
    c.envelope("a@src.test", "b@dest.test")
    c.content(message("fine"))
    got = wait_for(lambda: s.new("b"), "the good one")
    check(len(got) == 1 and below_trace(got[0])[1] == message("fine"), got)
    s.stop()


def test_loop_limit(folder):
    s = local(folder / "limit")
    c = s.connect()
    c.command("EHLO client.test", 250)
    hop = "Received: from a by b; Fri, 20 Nov 2026 10:00:00 +0100\r\n"
    c.envelope("a@src.test", "b@dest.test")
    c.content(message(extra=hop * 99 + "X-Received: no\r\nReceive: no\r\n", text=hop * 5))
    c.envelope("a@src.test", "b@dest.test")
    c.content(message(extra=hop.upper().replace("\r\n", "\r\n\tfolded\r\n") * 100), 554,
              "5.4.6")
    c.command("NOOP", 250)
    wait_for(lambda: s.new("b"), "the message with 99")
    s.stop()
    check(len(s.new("b")) == 1, "the message with 100 is there")
    # A server that is its own next one: the message comes back after 100 rounds.
    port = free_ports(1)[0]
    s = relay(folder / "loop", port, port=port)
    with s.client() as c:
        c.sendmail("alice@src.test", ["b@far.test"], message())
    got = wait_for(lambda: s.new("alice"), "the notice", 60)
    check(len(got) == 1 and b"5.4.6" in got[0], got)
    check(got[0].startswith(b"Return-Path: <>\r\n"), got)
    check(s.log().count("relayed to") == 99, s.log().count("relayed to"), "rounds")
    wait_for(s.empty, "an empty queue")
    s.stop()


def test_back_off(folder):
    answers = iter(["451 4.3.0 not now", "451 4.3.0 still not", "250 ok"])
    far = Sink(rcpt=lambda a: next(answers) if a == "slow@far.test" else "250 ok")
    s = relay(folder, far.port)
    with s.client() as c:
        c.sendmail("a@src.test", ["quick@far.test", "slow@far.test"], message())
    wait_for(lambda: len(far.messages) == 2, "both deliveries")
    check([m[1] for m in far.messages] == [["quick@far.test"], ["slow@far.test"]],
          far.messages)
    check(far.asked.count("quick@far.test") == 1, "asked again for who has it already")
    gaps = [b - a for a, b in zip(far.connections, far.connections[1:])]
    check(len(gaps) == 2 and 0.9 < gaps[0] < 3 and 1.9 < gaps[1] < 5, "waits:", gaps)
    wait_for(s.empty, "an empty queue")
    check(not s.new("a"), "a notice was sent")
    # Down, then up again.
    port = far.port
    far.close()
    with s.client() as c:
        c.sendmail("a@src.test", ["x@far.test"], message("later"))
    wait_for(lambda: "Connection refused" in s.log(), "a failed attempt")
    far = wait_for(lambda: try_sink(port), "the port")
    wait_for(lambda: far.messages, "the delivery")
    check(far.messages[0][2].endswith(message("later")))
    s.stop()
    far.close()


def test_limit_of_recipients(folder):
    """Who takes ten at a time has the rest at once, in further transactions."""
    far = Sink(limit=10)
    s = relay(folder, far.port, "--retry-min", "60")
    everybody = [f"u{i}@far.test" for i in range(35)]
    with s.client() as c:
        c.sendmail("a@src.test", everybody, message())
    wait_for(lambda: s.waiting() == 0, "all of them")
    check([r for m in far.messages for r in m[1]] == everybody, "each of them once")
    check(len(far.messages) == 4, len(far.messages))
    s.stop()
    far.close()


def test_bounce(folder):
    far = Sink(rcpt=lambda a: "550 5.1.1 Nobody here\u0007" if a.startswith("no") else
               "450 4.2.0 Busy" if a.startswith("busy") else "250 ok")
    s = relay(folder / "a", far.port, "--give-up", "2")
    with s.client() as c:
        c.sendmail("alice@src.test", ["nobody@far.test", "x@far.test"],
                   message(subject="The one"))
    got = wait_for(lambda: s.new("alice"), "the notice")[0]
    fields, content = below_trace(got)
    check(fields == ["Return-Path: <>"], fields)
    for wanted in (b"Nobody here?", b"nobody@far.test", b"550 5.1.1", b"Subject: The one",
                   b"To: alice@src.test\r\n", b"From: ", b"Date: ", b"Message-ID: <",
                   b"Auto-Submitted: auto-replied\r\n", b"MIME-Version: 1.0\r\n"):
        check(wanted in content, wanted, "is not in", content)
    check(b"x@far.test" not in content, "who has it is in the notice")
    check(b"\n" not in content.replace(b"\r\n", b""), "bare line ends")
    report = email.message_from_bytes(content, policy=email.policy.default)  # RFC 3464
    check(report.get_content_type() == "multipart/report" and not report.defects and
          report["content-type"].params["report-type"] == "delivery-status", report.items())
    people, programs, about = report.iter_parts()
    check(people.get_content_type() == "text/plain", people)
    check(about.get_content_type() == "text/rfc822-headers", about)
    check("Subject: The one" in about.get_content(), about)
    whole, failed = programs.get_payload()
    check(whole["Reporting-MTA"].startswith("dns; "), whole.items())
    check(dict(failed.items()) == {
        "Final-Recipient": "rfc822; nobody@far.test", "Action": "failed", "Status": "5.1.1",
        "Diagnostic-Code": "smtp; 550 5.1.1 Nobody here?"}, failed.items())
    check(len(far.messages) == 1, "the other recipient")
    # Given up after two seconds.
    with s.client() as c:
        c.sendmail("carol@src.test", ["busy@far.test"], message())
    got = wait_for(lambda: s.new("carol"), "the second notice")[0]
    check(b"5.4.7" in got and b"450 4.2.0 Busy" in got, got)
    check(far.asked.count("busy@far.test") >= 2, far.asked)
    # Nothing ever comes back to the null reverse-path, or to where no route leads.
    with s.client() as c:
        c.sendmail("", ["nobody@far.test"], message())
        c.sendmail("z@unrouted.test", ["nobody@far.test"], message())
    wait_for(lambda: s.log().count("dropped") == 2, "two dropped messages")
    wait_for(s.empty, "an empty queue")
    check(len(s.new("alice")) == 1 and len(s.new("carol")) == 1)
    s.stop()
    far.close()
    # A server that takes no mail at all (RFC 7504), and one that cannot now.
    for greeting, returned in (("521 no mail here", True), ("421 come again", False)):
        far = Sink(greeting=greeting)
        s = relay(folder / greeting[:3], far.port)
        with s.client() as c:
            c.sendmail("dave@src.test", ["x@far.test"], message())
        if returned:
            check(b"521" in wait_for(lambda t=s: t.new("dave"), "a notice")[0])
        else:
            wait_for(lambda t=s: " waits " in t.log() and "421" in t.log(), "a wait")
            check(s.waiting() == 1)
        s.stop()
        far.close()


def test_next_server_cannot(folder):
    far = Sink(caps=("PIPELINING", "SIZE 100000"))
    s = relay(folder / "a", far.port)
    c = s.connect()
    c.start("alice@src.test", "b@far.test", mail=" BODY=8BITMIME")
    c.content(message("\u00fc"))
    c.envelope("carol@src.test", "b@far.test", mail=" SMTPUTF8")
    c.content(message("x"))
    c.envelope("dave@src.test", "b@far.test", mail=" BODY=7BIT")
    c.content(message("goes"))
    c.envelope("erin@src.test", "b@far.test")
    c.content(message(("y" * 70 + "\r\n") * 2000))
    c.envelope("frank@src.test", "b@far.test")
    c.content(message("8bit without a word: \u00fc"))
    for user, code in (("alice", b"5.6.3"), ("carol", b"5.6.7"), ("erin", b"5.3.4")):
        got = wait_for(lambda u=user: s.new(u), f"the notice to {user}")[0]
        check(code in got, user, got)
    wait_for(lambda: len(far.messages) == 2, "two messages")
    wait_for(s.empty, "an empty queue")
    s.stop()
    far.close()
    far = Sink()
    s = relay(folder / "b", far.port)
    c = s.connect()
    c.command("EHLO x", 250, "SMTPUTF8")
    c.command("MAIL FROM:<\u00e5sa@src.test> SMTPUTF8 BODY=8BITMIME", 250)
    c.command("RCPT TO:<j\u00f6rg@far.test>", 250)
    c.command("RCPT TO:<j\u00f6rg@src.test>", 250)
    c.command("DATA", 354)
    c.content(message("\u00fc"))
    wait_for(lambda: far.messages, "the message")
    mail, recipients, content = far.messages[0]
    check("SMTPUTF8" in mail and "BODY=8BITMIME" in mail and "\u00e5sa@" in mail, mail)
    check(recipients == ["j\u00f6rg@far.test"] and b"UTF8SMTP" in content, content)
    check(wait_for(lambda: s.new("j\u00f6rg"), "the mailbox")[0].endswith(message("\u00fc")))
    s.stop()
    far.close()


def test_restart(folder):
    """What was answered 250 is delivered once, though the server dies in between."""
    port = free_ports(1)[0]
    s = relay(folder, port)
    count = 40
    with s.client() as c:
        for i in range(count):
            c.sendmail("a@src.test", ["b@far.test"], message(f"number {i}."))
        check(s.waiting() == count, s.waiting(), "in the queue")
        raw = s.connect()  # one that is not finished
        raw.start("a@src.test", "b@far.test")
        raw.send("Subject: half")
        wait_for(s.unfinished, "its file")
        s.kill()
        c.sock.close()
    (s.queue / "stray.msg").write_bytes(b"never acknowledged")
    far = Sink(port=port)
    s = relay(folder, port)
    wait_for(lambda: len(far.messages) == count, f"{count} messages", 100)
    wait_for(s.empty, "an empty queue")
    numbers = sorted(number_of(m[2]) for m in far.messages)
    check(numbers == list(range(count)), numbers)
    check(not s.unfinished(), "left over")
    # Two servers never share a queue.
    second = subprocess.run([PROGRAM, "--name", "x", "--listen", "127.0.0.1:0", "--queue",
                             str(s.queue)], stderr=subprocess.PIPE, timeout=60, check=False)
    check(second.returncode == 1 and b"another server" in second.stderr, second)
    s.stop()
    far.close()


def send_until_it_dies(server, number, acknowledged):
    try:
        with server.client() as c:
            while True:
                number += 1
                c.sendmail("a@src.test", ["x@far.test", "bob@src.test"],
                           message(f"number {number}.\r\n" + "z" * 60 + "\r\n"))
                acknowledged.append(number)
    except (OSError, smtplib.SMTPException):
        pass
    return number


def test_kill_at_any_time(folder):
    """Killed again and again while it receives, relays and delivers: nothing that was
    answered 250 is lost."""
    rounds = 40 if FULL else 6
    rand = random.Random(7)
    far = Sink(delay=0.005)
    acknowledged, number = [], 0
    for _ in range(rounds):
        s = relay(folder, far.port, "--mailbox", "bob")
        victim = threading.Timer(rand.uniform(0.15, 0.6), s.process.kill)
        victim.start()
        number = send_until_it_dies(s, number, acknowledged)
        victim.join()
        s.kill()
    s = relay(folder, far.port)
    wait_for(s.empty, "an empty queue", 60)
    here = [number_of(m) for m in s.new("bob")]
    there = [number_of(m[2]) for m in far.messages]
    lost = [n for n in acknowledged if n not in here or n not in there]
    check(len(acknowledged) > rounds and not lost, "lost:", lost)
    check(len(set(here)) == len(here), "twice in a Maildir:",
          [n for n in here if here.count(n) > 1])
    check(all(m[2].endswith(b"z\r\n\r\n") for m in far.messages), "a part of a message")
    s.stop()
    far.close()
    return (f"ok: {rounds} kills, {len(acknowledged)} acknowledged, none lost, "
            f"{len(there) - len(set(there))} relayed twice")


def test_aborted_content(folder):
    s = local(folder)
    for _ in range(5):
        c = s.connect()
        c.start("a@src.test", "b@dest.test")
        c.send(b"Subject: half\r\n\r\n" + b"x" * 100000)
        wait_for(s.unfinished, "a file")
        c.close()
        wait_for(lambda: not s.unfinished(), "the file to go")
    c = s.connect()
    c.start("a@src.test", "b@dest.test")
    c.send("Subject: half")
    c.socket.shutdown(socket.SHUT_WR)
    wait_for(lambda: not s.unfinished(), "the file to go")
    check(s.waiting() == 0 and not s.new("b"), "half a message was kept")
    s.stop()


def drip(client, data):
    for i in range(len(data)):
        client.socket.sendall(data[i:i + 1])
        time.sleep(0.002)


def deaf_client(port):
    """Writes and never reads: how long until it is cut off?"""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(("127.0.0.1", port))
    deaf.setblocking(False)
    begun = time.monotonic()
    try:
        while time.monotonic() - begun < 60:
            try:
                deaf.send(b"HELP\r\nNOOP\r\n" * 500)
            except BlockingIOError:
                time.sleep(0.05)
    except OSError:
        pass
    deaf.close()
    return time.monotonic() - begun


def test_slow_and_idle(folder):
    s = local(folder, "--timeout", "2")
    slow = s.connect()
    data = b"EHLO x\r\nMAIL FROM:<s@x.test>\r\nRCPT TO:<b@dest.test>\r\nDATA\r\n"
    thread = threading.Thread(target=drip, args=(slow, data))
    thread.start()
    with s.client() as c:
        c.sendmail("a@src.test", ["b@dest.test"], message("quick"))
    thread.join()
    for code in (250, 250, 250, 354):
        slow.expect(code)
    drip(slow, stuffed(message("slow")))
    slow.expect(250)
    silent = s.connect()
    begun = time.monotonic()
    silent.expect(421)
    check(1.5 < time.monotonic() - begun < 20, "the time-out of an idle client")
    check(silent.file.read() == b"")
    half = s.connect()
    half.start("a@src.test", "b@dest.test")
    half.send("Subject: never ends")
    half.expect(421)
    wait_for(lambda: not s.unfinished(), "the file to go")
    wait_for(lambda: len(s.new("b")) == 2, "two messages")
    took = deaf_client(s.port)
    check(took < 45, "who never reads is still there after", took)
    with s.client() as c:
        check(c.noop()[0] == 250)
    s.stop()


def test_connection_limit(folder):
    s = local(folder, "--max-connections", "3")
    held = [s.connect() for _ in range(3)]
    more = Raw(s.port, greeting=421)
    check(more.file.read() == b"")
    held.pop().command("QUIT", 221)
    time.sleep(0.2)
    s.connect().command("NOOP", 250)
    s.stop()


def test_many_connections(folder):
    count = 300 if FULL else 120
    far = local(folder / "far", "--max-connections", "600", domain="far.test")
    s = relay(folder / "near", far.port, "--max-connections", "600")
    connections = [s.connect() for _ in range(count)]
    for c in connections:
        c.send("EHLO x")
    for c in connections:
        c.expect(250)
    for i, c in enumerate(connections):
        c.send(f"MAIL FROM:<a{i}@src.test>", f"RCPT TO:<b{i % 5}@far.test>", "DATA")
    for c in connections:
        for code in (250, 250, 354):
            c.expect(code)
    for i, c in enumerate(connections):
        c.send(stuffed(message(f"number {i}.\r\n" + ("." + "x" * 70 + "\r\n") * 200)))
    for c in connections:
        c.expect(250)
    for c in connections:
        c.command("QUIT", 221)
        c.close()
    wait_for(lambda: sum(len(list((far.mail / f"b{b}/Maildir/new").glob("*")))
                         for b in range(5)) == count, "all of them", 90)
    arrived = [number_of(m) for b in range(5) for m in far.new(f"b{b}")]
    check(sorted(arrived) == list(range(count)), sorted(arrived))
    descriptors = f"/proc/{s.process.pid}/fd"
    if os.path.isdir(descriptors):
        wait_for(lambda: len(os.listdir(descriptors)) < 20, "descriptors to be closed")
    s.stop()
    far.stop()


def test_stop_in_order(folder):
    s = local(folder)
    idle, busy = s.connect(), s.connect()
    busy.start("a@src.test", "b@dest.test")
    busy.send("Subject: half")
    wait_for(s.unfinished, "its file")
    s.process.send_signal(signal.SIGTERM)
    idle.expect(421)
    check(idle.file.read() == b"")
    busy.expect(421)
    check(busy.file.read() == b"")
    s.stop()  # a second signal
    check(not s.unfinished() and not s.new("b"), "half a message was kept")


def test_demo(folder):
    """The two servers and the sender together, as examples/demo.sh shows them."""
    demo = pathlib.Path(__file__).resolve().parents[2] / "examples" / "demo.sh"
    for tool in ("bash", "openssl"):
        if not shutil.which(tool):
            return f"skipped: {tool} is not installed"
    build = os.path.abspath(os.environ.get("MAILPROTO_BUILD", "build"))
    if not glob.glob(build + "/**/mailproto-send", recursive=True):
        return "skipped: mailproto-send is not built"
    run = subprocess.run(["bash", str(demo), "--programs", build], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
                         env={**os.environ, "TMPDIR": str(folder)})
    check(run.returncode == 0 and "each the same byte for byte" in run.stdout, run.stdout)
    check(run.stdout.count("octets: the same") == 7, run.stdout)
    check("[send] C: MAIL" in run.stdout and "[crepes.fr] " in run.stdout and
          "[hamburger.edu] " in run.stdout, run.stdout)
    imap = "No IMAP here" not in run.stdout
    check(imap or not shutil.which("curl") or "without SQLite" in run.stdout, run.stdout)
    if imap:
        check(run.stdout.count("octets, the same: UID ") == 7, run.stdout)
        check(re.search(r"\[curl\] \* SEARCH \d", run.stdout) and
              re.search(r" C: \S+ UID MOVE \d Recipes\n", run.stdout) and
              "In Recipes now, and in INBOX no more: the same" in run.stdout, run.stdout)
    maildir = run.stdout.strip().rsplit("They are in ", 1)[1]
    check(len(os.listdir(maildir + "/new")) == (6 if imap else 7),
          "the Maildir is not kept")


# ---- all of them ---------------------------------------------------------------------------------

def main():
    tests = {n[5:]: f for n, f in globals().items() if n.startswith("test_")}
    chosen = sys.argv[1:] or list(tests)
    failed = []
    for name in chosen:
        folder = WORK / name
        folder.mkdir()
        begun = time.monotonic()
        try:
            note = tests[name](folder) or "ok"
        except Exception as e:  # whatever it is, the others still run
            failed.append(name)
            note = f"FAILED: {type(e).__name__}: {str(e)[-3000:]}"
            for s in Server.running:
                note += f"\n---- log of {s.folder.name}\n{s.log()[-3000:]}"
        for s in list(Server.running):
            s.kill()
        print(f"{name:22s} {time.monotonic() - begun:5.1f} s  {note}", flush=True)
    if failed:
        print("FAILED:", " ".join(failed), f"(what they left: {WORK})")
        return 1
    shutil.rmtree(WORK, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
