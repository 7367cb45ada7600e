"""What the tests with real POP3 peers share: our server with mail in its Maildirs, one visit
of our client, and other people's POP3 servers: Dovecot as it is installed; GNU mailutils,
Courier and Cyrus, which Debian does not install beside it, from their packages unpacked
into the build folder. Nothing is installed or configured outside of temporary folders."""
import base64
import collections
import fcntl
import hashlib
import hmac
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import smtplib
import socket
import struct
import subprocess
import termios
import threading
import time

import cyrus
import peers
from peers import (WORK, Failure, Process, Skip, certificates, check, free_ports, listens,
                   need, run, wait_for)

USERS = {"alice": "wonderland", "bob": "a pass, w\u00f6rd"}
FULL = os.environ.get("MAILPROTO_FULL", "0") not in ("", "0", "OFF")


# ---- messages ----------------------------------------------------------------------------

def generated(count):
    """Messages that differ, with what is hard in POP3 among them."""
    own = peers.own_messages()
    hard = [own[name] for name in sorted(own) if name not in ("large", "octets")]
    for i in range(count - len(hard)):
        lines = (f"{'.' * (j % 5)}line {j} of {i} " + "x" * ((i * 7 + j * 13) % 90)
                 for j in range(i % 60))
        hard.append(peers.message("\n".join(lines), subject=f"number {i}"))
    return hard[:count]


def many(count, **how):
    """Hundreds of messages, all different: real ones where they are to be had, then
    generated ones. (messages, what to say of them)"""
    real = list(dict.fromkeys(peers.corpus(count, **how)))
    if real:
        return real, f"{len(real)} real messages"
    return list(dict.fromkeys(generated(count))), f"{count} generated messages"


def fill(maildir, messages, owner=None, begin=1700000000):
    """Puts messages into a Maildir, in their order."""
    for name in ("tmp", "new", "cur"):
        (maildir / name).mkdir(parents=True, exist_ok=True)
    for i, content in enumerate(messages):
        (maildir / "new" / f"{begin + i}.M{i}P1.peer.test").write_bytes(content)
    if owner and os.geteuid() == 0:
        for path in (maildir.parent, maildir, *maildir.rglob("*")):
            shutil.chown(path, owner)
    return maildir


def in_maildir(maildir):
    """What is in it, in the order of names."""
    while True:
        try:
            return [p.read_bytes() for folder in ("new", "cur")
                    for p in sorted((maildir / folder).glob("*"))]
        except FileNotFoundError:
            pass  # its server moves or deletes them meanwhile: once more


def same(got, sent, what=""):
    """The same messages, whatever their order."""
    got, sent = sorted(got), sorted(sent)
    if got == sent:
        return
    check(len(got) == len(sent), what, len(got), "messages, not", len(sent))
    left = collections.Counter(sent) - collections.Counter(got)
    one = next(iter(collections.Counter(got) - collections.Counter(sent)))
    other = max(left, key=lambda x: len(os.path.commonprefix([one, x])))
    at = len(os.path.commonprefix([one, other]))
    raise Failure(f"{what} {left.total()} differ, one of them at {at}: "
                  f"{one[max(0, at - 60):at + 60]!r} should be "
                  f"{other[max(0, at - 60):at + 60]!r}")


# ---- our server --------------------------------------------------------------------------

class MailServer:
    """mailproto-mailserver with the POP3 side on, and mail for `users`."""
    def __init__(self, folder, *options, users=None, tls=True, program=None):
        folder.mkdir(exist_ok=True)
        self.folder, self.mail = folder, folder / "mail"
        self.users = dict(USERS if users is None else users)
        (folder / "users").write_text(
            "".join(f"{name}:{secret}\n" for name, secret in self.users.items()),
            encoding="utf-8")
        arguments = ["--name", "mx.mail.test", "--listen", "127.0.0.1:0", "--queue",
                     folder / "queue", "--local-domain", "mail.test", "--maildir-root",
                     self.mail, "--users", folder / "users", "--pop3", "127.0.0.1:0",
                     "--alias", "localhost", "--alias", "127.0.0.1"]
        if tls:
            arguments += ["--cert", certificates().cert, "--key", certificates().key,
                          "--pop3s", "127.0.0.1:0"]
        program = program or peers.find_program("mailproto-mailserver")
        self.process = Process([program, *arguments, *options], folder / "log")
        said = wait_for(self._ready, "mailproto-mailserver to start")
        self.port, self.tls_port = int(said["POP3"]), int(said.get("POP3S", 0))
        self.smtp_port = int(said["ready"])

    def _ready(self):
        check(self.process.alive(), "it ended:", self.log())
        said = dict(re.findall(r"(ready|POP3|POP3S) on \S+:(\d+)$", self.log(), re.M))
        return said if "ready" in said and "POP3" in said else None

    def log(self):
        return self.process.log()

    def maildir(self, user):
        return self.mail / user / "Maildir"

    def put(self, user, messages):
        return fill(self.maildir(user), messages)

    def left(self, user):
        return in_maildir(self.maildir(user))

    def stop(self):
        check(self.process.stop(60) == 0, "it ended with an error:", self.log()[-3000:])
        peers.sanitizers_silent(self.log())


# ---- our client --------------------------------------------------------------------------

def secret_file(secret):
    path = WORK / ("secret." + hashlib.sha256(secret.encode()).hexdigest()[:12])
    if not path.exists():  # whole or not at all: others run at the same time
        part = WORK / f"{path.name}.{threading.get_ident()}"
        part.write_text(secret + "\n", encoding="utf-8")
        part.replace(path)
    return path


class Fetch:
    """One visit of mailproto-fetch: exit code, what it said, what is in its Maildir."""
    def __init__(self, port, box, *options, user="alice", secret=None, host="localhost",
                 program=None):
        program = program or peers.find_program("mailproto-fetch")
        secret = USERS[user] if secret is None else secret
        self.box = box
        begun = time.monotonic()
        self.code, self.out, self.errors = run(
            [program, "--server", f"{host}:{port}", "--user", user, "--cafile",
             certificates().ca, "--password-file", secret_file(secret), "--maildir", box,
             *options])
        self.seconds = time.monotonic() - begun
        peers.sanitizers_silent(self.errors)
        counts = re.search(r"^(\d+) messages: (\d+) seen before, (\d+) fetched, (\d+) failed",
                           self.out, re.M)
        self.counts = tuple(int(n) for n in counts.groups()) if counts else None

    def expect(self, code, *counts):
        """`counts`: messages there, seen before, fetched, failed."""
        check(self.code == code and (not counts or self.counts == counts), "exit code",
              self.code, "not", code, "counts", self.counts, "not", counts, self.out[-1500:],
              self.errors[-2500:])
        return self

    def said(self, *texts):
        for text in texts:
            check(text in self.out + self.errors, "not said:", text, "but:",
                  self.out[-1500:], self.errors[-2500:])
        return self

    def messages(self):
        return in_maildir(self.box)


# ---- a program on a terminal ---------------------------------------------------------------

class Terminal:
    """A program on a terminal of its own, a VT52: what it shows (read at all times, so that
    it never waits for us), and keys for it. Its time is limited, whatever it does."""
    ROWS, COLUMNS = 24, 80

    def __init__(self, arguments, seconds, env=None):
        self.end = time.monotonic() + seconds
        self.cells = [[" "] * self.COLUMNS for _ in range(self.ROWS)]
        self.row = self.column = 0
        self.rest = ""  # the beginning of a sequence
        self.said = collections.deque(maxlen=8)  # what stood in the lowest line
        self.tty, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ,
                    struct.pack("HHHH", self.ROWS, self.COLUMNS, 0, 0))
        try:
            self.process = subprocess.Popen(
                [str(a) for a in arguments], stdin=side, stdout=side, stderr=side,
                start_new_session=True, env={**os.environ, **(env or {}), "TERM": "vt52"},
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        except BaseException:
            os.close(self.tty)
            raise
        finally:
            os.close(side)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.tty)

    def text(self):
        """What is to be seen."""
        return "\n".join("".join(line).rstrip() for line in self.cells).rstrip()

    def shows(self, text):
        return text in self.text()

    def type(self, keys):
        try:
            os.write(self.tty, keys.encode())
        except OSError:  # it has just ended
            pass

    def wait(self, condition, seconds=None):
        """Whether it becomes true, within `seconds` and the program's time."""
        end = self.end if seconds is None else min(self.end, time.monotonic() + seconds)
        while not condition():
            if time.monotonic() >= end:
                return False
            self._read(0.05)
        return True

    def over(self):
        return self.process.poll() is not None

    def need(self, condition, what):
        self.wait(lambda: condition() or self.over())
        if not condition():
            self.fail(f"waited for {what}")

    def fail(self, why):
        while self._read(0):
            pass
        state = f"exit code {self.process.returncode}" if self.over() else "it runs"
        raise Failure(f"{why}; {state}; the screen:\n{self.text()}\n"
                      "---- in its lowest line there was:\n" + "\n".join(self.said))

    def alive(self, why):
        if self.over() or time.monotonic() >= self.end:
            self.fail(why)

    def ask(self, keys, prompt, answer, effect, what):
        """Types `keys` until `prompt` is there, then `answer`: keys that a program drops
        (many do after an error) come again, and once it took the answer no more do."""
        while not self.shows(prompt):
            self.alive(f"waited for the prompt {prompt!r}")
            self.type(keys)
            self.wait(lambda: self.shows(prompt) or self.over(), 3)
        while self.shows(prompt):
            self.alive(f"the answer to {prompt!r} is not taken")
            self.type(f"\x15{answer}\r")  # ^U: nothing stands there
            self.wait(lambda: not self.shows(prompt) or self.over(), 3)
        self.need(effect, what)

    def _read(self, seconds):
        """Whether there was something."""
        if not select.select([self.tty], [], [], seconds)[0]:
            return False
        try:
            self._show(os.read(self.tty, 65536).decode(errors="replace"))
            return True
        except OSError:  # the last of its programs has closed the terminal
            time.sleep(seconds)
            return False

    def _show(self, data):
        """VT52: ESC and a letter; ESC Y, row and column."""
        data = self.rest + data
        self.rest = ""
        at = 0
        while at < len(data):
            c = data[at]
            length = 1 if c != "\x1b" else 4 if data[at + 1:at + 2] == "Y" else 2
            if at + length > len(data):
                self.rest = data[at:]
                return
            if c == "\x1b":
                self._escape(data[at + 1:at + length])
            elif c == "\r":
                self._note()
                self.column = 0
            elif c == "\n":
                self._down()
            elif c == "\b":
                self.column = max(0, self.column - 1)
            elif c == "\t":
                self.column = min(self.COLUMNS - 1, self.column // 8 * 8 + 8)
            elif c >= " ":
                self.cells[self.row][self.column] = c
                self.column = min(self.COLUMNS - 1, self.column + 1)
            at += length

    def _note(self):
        line = "".join(self.cells[-1]).strip()
        if line and line not in self.said:
            self.said.append(line)

    def _down(self):
        if self.row < self.ROWS - 1:
            self.row += 1
        else:
            self.cells = self.cells[1:] + [[" "] * self.COLUMNS]

    def _escape(self, what):
        if what[0] == "Y":
            self.row = min(self.ROWS - 1, max(0, ord(what[1]) - 32))
            self.column = min(self.COLUMNS - 1, max(0, ord(what[2]) - 32))
        elif what == "H":
            self.row = self.column = 0
        elif what == "A":
            self.row = max(0, self.row - 1)
        elif what == "B":
            self.row = min(self.ROWS - 1, self.row + 1)
        elif what == "C":
            self.column = min(self.COLUMNS - 1, self.column + 1)
        elif what == "D":
            self.column = max(0, self.column - 1)
        elif what == "I":
            if self.row > 0:
                self.row -= 1
            else:
                self.cells = [[" "] * self.COLUMNS] + self.cells[:-1]
        elif what in "JK":
            self.cells[self.row][self.column:] = [" "] * (self.COLUMNS - self.column)
            if what == "J":
                for i in range(self.row + 1, self.ROWS):
                    self.cells[i] = [" "] * self.COLUMNS


# ---- Dovecot -----------------------------------------------------------------------------

TOKEN_KEY = b"a key of thirty-two octets, say."

OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = sub
openid_configuration_url = https://example.invalid/.well-known/openid-configuration
"""

DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/run/state
instance_name = mailproto-pop3
log_path = {folder}/log
auth_verbose = yes
protocols = pop3
listen = 127.0.0.1
hostname = mx.mail.test
ssl = yes
ssl_cert = <{tls.cert}
ssl_key = <{tls.key}
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 apop oauthbearer xoauth2
auth_failure_delay = 0
mail_location = maildir:~/Maildir
mail_max_userip_connections = 100
first_valid_uid = 1
pop3_uidl_format = %08Xu%08Xv
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {folder}/oauth2.conf.ext
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%n allow_all_users=yes
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {ports[0]}
  }}
  inet_listener pop3s {{
    port = {ports[1]}
    ssl = yes
  }}
  service_count = 0
}}
"""


def token_for(user, key=TOKEN_KEY):
    """A JSON Web Token (RFC 7519), signed with HS256."""
    def coded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    head = coded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    now = int(time.time())
    claims = coded(json.dumps({"sub": user, "iat": now - 60, "exp": now + 3600}).encode())
    text = head + b"." + claims
    return (text + b"." + coded(hmac.new(key, text, hashlib.sha256).digest())).decode()


class Dovecot:
    """Its POP3 service, for USERS and for those that a test names. `more`: lines of
    configuration that come last."""

    def __init__(self, folder, users=(), more=""):
        need("dovecot")
        if os.geteuid() != 0:
            raise Skip("Dovecot's login processes can only be started by root")
        if not os.path.exists("/usr/lib/dovecot/pop3-login"):
            raise Skip("Dovecot has no POP3 service (dovecot-pop3d)")
        version = run(["dovecot", "--version"])[1]
        if not version.startswith("2.3."):
            raise Skip(f"dovecot is {version.strip()}, this configuration is for 2.3")
        folder.mkdir()
        self.folder, self.home = folder, peers.give_away(folder / "home")
        self.port, self.tls_port = free_ports(2)
        keys = folder / "keys" / "default" / "HS256"
        keys.mkdir(parents=True)
        (keys / "default").write_bytes(base64.b64encode(TOKEN_KEY))
        (folder / "oauth2.conf.ext").write_text(OAUTH2.format(folder=folder))
        owner = self.home.stat()
        (folder / "dovecot.conf").write_text(DOVECOT.format(
            folder=folder, tls=certificates(), ports=(self.port, self.tls_port),
            uid=owner.st_uid, gid=owner.st_gid or 65534) + more)
        known = {**USERS, **{name: USERS["alice"] for name in users}}
        (folder / "users").write_text("".join(
            f"{name}:{{PLAIN}}{secret}\n" for name, secret in known.items()),
            encoding="utf-8")
        for path in folder.rglob("*"):  # its processes have users of their own
            path.chmod(0o755 if path.is_dir() else 0o644)
        self.process = Process(["dovecot", "-F", "-c", folder / "dovecot.conf"],
                               folder / "out")
        wait_for(self._ready, "Dovecot to start")

    def _ready(self):
        check(self.process.alive(), "Dovecot ended:", self.process.log(), self.log())
        return listens(self.port) and listens(self.tls_port)

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def put(self, user, messages):
        return fill(self.home / user / "Maildir", messages, peers.USER)

    def left(self, user):
        return in_maildir(self.home / user / "Maildir")


# ---- packages that exclude each other ----------------------------------------------------

def unpacked(name, *packages):
    """A folder with what these packages hold, below the build folder: (folder, environment
    for its programs). Those that are installed are not needed."""
    need("apt-get", "dpkg-deb", "dpkg-query")
    root = pathlib.Path(os.environ.get("MAILPROTO_BUILD", "build")).absolute()
    folder = root / "peers" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / (name + ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another test may want it at the same time
        if not folder.is_dir():
            _unpack(name, folder, packages)
    libraries = {str(p.parent) for p in folder.rglob("*.so*")}
    return folder, {**os.environ, "LD_LIBRARY_PATH": ":".join(sorted(libraries))}


def _unpack(name, folder, packages):
    work = WORK / ("unpack." + name)
    work.mkdir()
    installed = [p for p in packages if run(["dpkg-query", "-W", "-f=${db:Status-Abbrev}",
                                             p])[1] == "ii "]
    try:
        code, out, errors = run(["apt-get", "-qq", "download",
                                 *(p for p in packages if p not in installed)],
                                cwd=work, timeout=200)
    except subprocess.TimeoutExpired as e:
        raise Skip(f"{packages[0]} cannot be downloaded in {e.timeout} s") from e
    if code != 0:
        raise Skip(f"{packages[0]} cannot be downloaded: {(out + errors).strip()[:200]}")
    (work / "root").mkdir()
    for package in work.glob("*.deb"):
        code, _, errors = run(["dpkg-deb", "-x", package, work / "root"])
        check(code == 0, "dpkg-deb:", errors)
    shutil.move(work / "root", folder)


def need_libraries(program, environment):
    missing = re.findall(r"(\S+) => not found", run(["ldd", program], env=environment)[1])
    if missing:
        raise Skip(f"{program.name} misses {', '.join(missing)}")
    return program


MAILUTILS = """
mode daemon;
foreground yes;
pidfile {folder}/pid;
timeout 300;
mailbox {{ mail-spool "{folder}/spool"; mailbox-type mbox; }}
auth {{ authentication "generic"; authorization "virtdomain"; }}
virtdomain {{ passwd-dir {folder}/passwd; }}
tcp-wrappers {{ enable no; }}
logging {{ syslog no; }}
transcript no;
tls-file-checks {{ key-file none; cert-file none; ca-file none; }}
tls {{ ssl-certificate-file {tls.cert}; ssl-key-file {tls.key}; }}
server 127.0.0.1:{port} {{ tls-mode ondemand; transcript no; }}
"""


class Mailutils:
    """GNU mailutils pop3d, with an mbox file for a user, `alice`, who logs in as
    alice@mail.test."""
    user, secret = "alice@mail.test", USERS["alice"]

    def __init__(self, folder):
        need("openssl")
        if os.geteuid() != 0:
            raise Skip("mailutils' pop3d can only be started by root")
        root, self.environment = unpacked(
            "mailutils", "mailutils-pop3d", "libmailutils9", "libmu-dbm9",
            "libkyotocabinet16v5", "libmariadb3", "liblzo2-2", "libgdbm6", "libgsasl18",
            "libldap-2.5-0", "libnsl2", "libwrap0", "libunistring2")
        program = need_libraries(root / "usr" / "sbin" / "pop3d", self.environment)
        folder.mkdir()
        home = peers.give_away(folder / "home")
        owner = home.stat()
        (folder / "passwd").mkdir()
        code, secret, errors = run(["openssl", "passwd", "-6", self.secret])
        check(code == 0, "openssl:", errors)
        (folder / "passwd" / "mail.test").write_text(
            f"alice:{secret.strip()}:{owner.st_uid}:{owner.st_gid or 65534}:Alice:{home}:"
            "/bin/false\n")
        self.port, = free_ports(1)
        self.mbox = home / "INBOX"
        (folder / "conf").write_text(MAILUTILS.format(folder=folder, tls=certificates(),
                                                      port=self.port))
        self.process = Process([program, "--config-file", folder / "conf"], folder / "out",
                               env=self.environment)
        wait_for(self._ready, "mailutils' pop3d to start")

    def _ready(self):
        check(self.process.alive(), "pop3d ended:", self.process.log())
        return listens(self.port)

    def put(self, messages):
        with open(self.mbox, "wb") as box:
            for content in messages:
                box.write(b"From x@src.test Fri Nov 20 10:05:00 2026\n" +
                          content.replace(b"\r\n", b"\n") + b"\n")
        self.mbox.chmod(0o600)
        shutil.chown(self.mbox, peers.USER)

    def left(self):
        return len(re.findall(rb"^From ", self.mbox.read_bytes(), re.M))


class Courier:
    """Courier's POP3 server from after the login. Its login program belongs to a system
    service; what stands in front here says just enough for USER and PASS, and reads no
    octet too many, so that commands sent ahead of the login's reply reach Courier."""

    def __init__(self, folder):
        root, self.environment = unpacked("courier", "courier-pop", "courier-authlib",
                                          "libcourier-unicode4", "libidn12", "libgdbm6")
        self.program = need_libraries(
            root / "usr" / "lib" / "courier" / "courier" / "courierpop3d", self.environment)
        folder.mkdir()
        self.home = folder
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def put(self, messages):
        return fill(self.home / "Maildir", messages)

    def left(self):
        return in_maildir(self.home / "Maildir")

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)

    def _run(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            with connection:
                connection.settimeout(60)
                try:
                    name = self._login(connection)
                except (OSError, ValueError):
                    continue
                connection.settimeout(None)
                if name:
                    with open(self.home / "errors", "ab") as errors:
                        subprocess.run(
                            [self.program, "Maildir"], stdin=connection, stdout=connection,
                            stderr=errors, cwd=self.home, check=False, timeout=200,
                            env={**self.environment, "AUTHENTICATED": name,
                                 "AUTHADDR": name})

    @staticmethod
    def _login(connection):
        def say(text):
            connection.sendall(text.encode() + b"\r\n")

        say("+OK Hello there.")
        name = None
        while True:
            line = b""
            while not line.endswith(b"\r\n"):
                octet = connection.recv(1)
                if not octet:
                    return None
                line += octet
            verb, _, rest = line.decode().rstrip("\r\n").partition(" ")
            if verb == "CAPA":
                say("+OK Here's what I can do:\r\nTOP\r\nUSER\r\nLOGIN-DELAY 10\r\n"
                    "PIPELINING\r\nUIDL\r\n.")
            elif verb == "USER":
                name = rest
                say("+OK Password required.")
            elif verb == "PASS" and USERS.get(name) == rest:
                return name  # Courier says +OK
            elif verb == "QUIT":
                say("+OK Better luck next time.")
                return None
            else:
                say("-ERR")


CYRUS = """
configdirectory: {folder}/config
defaultpartition: default
partition-default: {folder}/store
proc_path: {folder}/run/proc
mboxname_lockpath: {folder}/run/lock
lmtpsocket: {folder}/run/lmtp
idlesocket: {folder}/run/idle
notifysocket: {folder}/run/notify
servername: localhost
cyrus_user: {user}
cyrus_group: nogroup
admins: cyrus
allowplaintext: no
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/sasldb2
sasl_mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256
loginrealms: localhost
virtdomains: off
unixhierarchysep: yes
tls_server_cert: {folder}/cert.pem
tls_server_key: {folder}/key.pem
autocreate_quota: 0
autocreate_post: yes
popminpoll: 0
munge8bit: no
reject8bit: no
duplicatesuppression: 0
"""

CYRUS_SERVICES = """
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {folder}/imapd.conf -r"
}}
SERVICES {{
  pop3 cmd="{bin}/pop3d -C {folder}/imapd.conf -U 30" listen="127.0.0.1:{ports[0]}" prefork=0
  lmtp cmd="{bin}/lmtpd -a -C {folder}/imapd.conf" listen="127.0.0.1:{ports[1]}" prefork=0
}}
EVENTS {{
}}
"""


class Cyrus:
    """Cyrus POP3, and its LMTP service, through which mail comes in."""

    def __init__(self, folder):
        if os.geteuid() != 0:
            raise Skip("Cyrus' master can only be started by root")
        root, self.environment = unpacked("cyrus", "cyrus-pop3d", "cyrus-common", "libical3")
        programs = root / "usr" / "lib" / "cyrus" / "bin"
        for name in ("master", "pop3d", "lmtpd", "ctl_cyrusdb"):
            need_libraries(programs / name, self.environment)
        peers.give_away(folder)
        known = cyrus.Server(folder, USERS)
        if known.problem:
            raise Skip(f"Cyrus SASL: {known.problem} (libsasl2-modules-db)")
        for path in (certificates().cert, certificates().key):
            shutil.copy(path, folder / path.name)
        for path in (folder / "config", folder / "store", folder / "run" / "proc",
                     folder / "run" / "lock"):
            path.mkdir(parents=True)
        self.port, self.lmtp_port = free_ports(2)
        (folder / "imapd.conf").write_text(CYRUS.format(folder=folder, user=peers.USER))
        (folder / "cyrus.conf").write_text(CYRUS_SERVICES.format(
            folder=folder, bin=programs, ports=(self.port, self.lmtp_port)))
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, peers.USER)
        self.process = Process([programs / "master", "-C", folder / "imapd.conf", "-M",
                                folder / "cyrus.conf", "-p", folder / "run" / "pid"],
                               folder / "out", env=self.environment)
        wait_for(self._ready, "Cyrus to start")

    def _ready(self):
        check(self.process.alive(), "Cyrus ended:", self.process.log())
        return listens(self.port) and listens(self.lmtp_port)

    def put(self, user, messages):
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, timeout=60) as lmtp:
            for content in messages:
                lmtp.sendmail("x@src.test", [user], content)
