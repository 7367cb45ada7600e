"""What the tests with real peers share: programs under test, other people's servers on free
ports of loopback, messages, and an end that leaves nothing behind.

Every peer gets a configuration of its own in a temporary folder. No system service, no
configuration of this machine and no network but 127.0.0.1 is touched. Only the standard
library is needed.
"""
import atexit
import base64
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from ports import free_ports

USER = "nobody"  # what peers become when they are started by root
# Limits of what hangs. With sanitizers, on a busy machine of two slow processors, what takes
# a second takes ten.
WAIT_SECONDS, RUN_SECONDS = 60, 100
SOURCE = pathlib.Path(__file__).resolve().parents[2]
os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


class Failure(Exception):
    """Something is not as it must be."""


class Skip(Exception):
    """This cannot be tried here; the text says why."""


class NoData(Skip):
    """The optional data folder is not there: no reason to fail, whoever runs this."""


def check(condition, *what):
    if not condition:
        raise Failure(" ".join(str(w) for w in what) or "check failed")


def wait_for(condition, what, seconds=WAIT_SECONDS):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise Failure(f"waited {seconds} s for: {what}")


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"{program} is not installed")


def find_program(name, required=True):
    """The program of that name below the build folder."""
    build = os.environ.get("MAILPROTO_BUILD", "build")
    found = [p for p in glob.glob(build + "/**/" + name, recursive=True)
             if os.path.isfile(p) and os.access(p, os.X_OK)]
    if not found and not required:
        return None
    if not found:
        print(f"skipped: {name} is not built (needs libssl-dev)")
        sys.exit(77)
    return os.path.abspath(found[0])


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False


def sanitizers_silent(text):
    check("Sanitizer" not in text and "runtime error" not in text, text[-5000:])


# ---- a folder and processes that go away -------------------------------------------------

WORK = pathlib.Path(tempfile.mkdtemp(prefix="mailproto-peers."))
WORK.chmod(0o755)  # peers with users of their own must come through
_running = []


class Process:
    """A peer that runs until stop(), with its output in a file."""

    def __init__(self, arguments, log, **options):
        self.log_path = pathlib.Path(log)
        with open(log, "ab") as out:
            self.process = subprocess.Popen(
                [str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=out,
                stderr=out, start_new_session=True, **options)
        _running.append(self)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def stop(self, seconds=10):
        """Its exit code; whatever it started goes with it."""
        if self not in _running:
            return self.process.returncode
        _running.remove(self)
        if self.alive():
            self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return self.process.wait()


class shared:
    """Peers that more than one test uses: started within, they live to the end."""
    count = 0

    def __enter__(self):
        check(len(_running) == shared.count, "start shared peers before others")

    def __exit__(self, *_error):
        shared.count = len(_running)


def stop_all():
    while _running:
        _running[-1].stop()


def _on_signal(number, _frame):
    sys.exit(128 + number)


def _at_exit():
    stop_all()
    if os.environ.get("MAILPROTO_KEEP"):
        print("kept:", WORK)
    else:
        shutil.rmtree(WORK, ignore_errors=True)


atexit.register(_at_exit)
for _number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(_number, _on_signal)


_again = []  # what was tried more than once in the test that runs


def again(why):
    """Says that something is tried once more: who reads the log of a test that passed
    sees it at once, and in the test's own line too."""
    _again.append(why)
    print(f"\n*** TRIED AGAIN *** {why}\n", flush=True)


def _ours(arguments):
    """Whether a program that was built here is run, directly or by another one."""
    build = os.path.realpath(os.environ.get("MAILPROTO_BUILD", "build"))
    paths = [os.path.realpath(str(a)) for a in arguments if os.sep in str(a)]
    return any(p.startswith(build + os.sep) and os.path.isfile(p) and
               not p.startswith(os.path.join(build, "peers") + os.sep) for p in paths)


def _run_once(arguments, data, timeout, env, options):
    """Ended with all that it started, if it takes too long."""
    with subprocess.Popen([str(a) for a in arguments], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          start_new_session=True, env={**os.environ, **(env or {})},
                          **options) as process:
        try:
            out, errors = process.communicate(data, timeout)
        except BaseException:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            raise
    return process.returncode, out, errors


def run_octets(arguments, data=b"", timeout=RUN_SECONDS, env=None, **options):
    """A program from beginning to end: (exit code, output, errors). A foreign program that
    hangs is started once more; ours is not, and a wrong result is one at once."""
    try:
        return _run_once(arguments, data, timeout, env, options)
    except subprocess.TimeoutExpired as e:
        if _ours(arguments):
            raise
        said = ((e.stdout or b"") + (e.stderr or b"")).decode(errors="replace")
        again(f"{e.cmd} did not end within {timeout} s; it said: {said[-1500:]}")
        return _run_once(arguments, data, timeout, env, options)


def run(arguments, *more, **options):
    """The same, with texts."""
    code, out, errors = run_octets(arguments, *more, **options)
    return code, out.decode(errors="replace"), errors.decode(errors="replace")


def give_away(folder):
    """Makes a folder that a peer may write to."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    return folder


# ---- certificates ------------------------------------------------------------------------

class Certificates:
    """A throw-away CA and what it signed: `cert` and `key` for localhost and 127.0.0.1,
    `wrong_cert` for another host, with the same key; `other_ca` signed none of them."""

    def __init__(self, folder):
        need("openssl")
        self.folder = folder
        folder.mkdir()
        self.ca = self._make("ca", "/CN=Test CA")
        self.other_ca = self._make("other", "/CN=Other CA")
        self._openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem",
                      "-out", "request.pem", "-subj", "/CN=localhost")
        self.cert = self._sign("cert.pem", "DNS:localhost,IP:127.0.0.1")
        self.wrong_cert = self._sign("wrong.pem", "DNS:elsewhere.test")
        self.key = folder / "key.pem"

    def _openssl(self, *arguments):
        code, _, errors = run(["openssl", *arguments], cwd=self.folder)
        check(code == 0, "openssl:", errors)

    def _make(self, name, subject):
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                      "-keyout", name + ".key", "-out", name + ".pem", "-subj", subject)
        return self.folder / (name + ".pem")

    def _sign(self, name, names):
        (self.folder / "names").write_text(f"subjectAltName={names}\n")
        self._openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey",
                      "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names",
                      "-out", name)
        return self.folder / name


_certificates = []


def certificates():
    if not _certificates:
        _certificates.append(Certificates(WORK / "tls"))
    return _certificates[0]


# ---- messages ----------------------------------------------------------------------------

def message(text="Hello", subject="A test", fields=""):
    """Text with LF becomes a message with CRLF."""
    return (f"From: Alice <alice@src.test>\nTo: Bob <bob@mail.test>\nSubject: {subject}\n"
            "Date: Fri, 20 Nov 2026 10:05:00 +0100\nMessage-ID: <1@src.test>\n"
            f"{fields}\n{text}\n").replace("\n", "\r\n").encode()


def own_messages():
    """Name to content. They must arrive as they are."""
    octets = bytes(b for b in range(1, 256) if b not in (10, 13))
    picture = base64.encodebytes(bytes(range(256)) * 24).decode()
    return {
        "plain": message(),
        "dots": message(".\n..\n...\n.hidden\n\n.\n.\n\n..two\ntext\n."),
        "only-a-dot": message("."),
        "first-line-dot": message(".profile"),
        "ends-in-dots": message("end\n.\n.\n\n."),
        "empty-lines": message("\n\n\n\n"),
        "empty-body": message("", subject="Nothing")[:-2],
        "line-998": message("x" * 998 + "\n" + "." * 998 + "\nshort"),
        "folded": message(subject="A\n folded\n\tone", fields="X-Long: " + "y" * 980 + "\n"),
        "tabs-and-spaces": message("  a \t \n\t\n \n. \n.\t\nend  "),
        "8-bit": message("Sch\u00f6ne Gr\u00fc\u00dfe \u2013 \u65e5\u672c\u8a9e\n.\u00fc",
                         fields="MIME-Version: 1.0\nContent-Type: text/plain; "
                                "charset=utf-8\nContent-Transfer-Encoding: 8bit\n"),
        "octets": message("before") + octets + b"\r\n." + octets[::-1] + b"\r\n",
        "attachment": message(
            "--b0\nContent-Type: text/plain\n\n.with a dot\n--b0\nContent-Type: image/png\n"
            "Content-Transfer-Encoding: base64\n\n" + picture + "--b0--\n",
            fields='MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b0"\n'),
        "large": message("\n".join(
            f"{'.' * (i % 4)}line {i} {'z' * (i % 70)}" for i in range(12000))),
    }


def corpus(limit, strict=False, largest=300000):
    """Real messages, if a folder of them is there (MAILPROTO_DATA), with CRLF throughout
    and without what SMTP cannot carry. strict: with a header that no mail server has a
    reason to change."""
    folder = os.environ.get("MAILPROTO_DATA", "")
    manifest = pathlib.Path(folder, "corpus", "messages", "manifest.jsonl")
    if not folder or not manifest.is_file():
        return []
    fitting = []
    for line in manifest.read_text().splitlines():
        path = manifest.parent / json.loads(line)["file"]
        if not path.is_file() or not 0 < path.stat().st_size <= largest:
            continue
        data = re.sub(rb"\r?\n", b"\r\n", path.read_bytes())
        if not data.endswith(b"\r\n"):
            data += b"\r\n"
        if b"\0" in data or re.search(rb"\r(?!\n)", data):
            continue
        if not strict or _ordinary(data):
            fitting.append(data)
    step = max(1, len(fitting) // limit)
    return fitting[::step][:limit]


def _ordinary(data):
    head, separator, body = data.partition(b"\r\n\r\n")
    fields = rb"[!-9;-~]+:[^\r]*(?:\r\n[ \t]+[^ \t\r][^\r]*)*"
    lines = rb"(?:" + fields + rb"\r\n)*" + fields
    return bool(separator) and len(head) < 60000 and head.count(b"Received:") < 30 and \
        re.fullmatch(lines, head) is not None and \
        max(len(x) for x in data.split(b"\r\n")) <= 998


TRACE = (b"return-path", b"received", b"delivered-to", b"x-original-to")


def on_top(stored, content):
    """The fields that servers put above `content`, which must be below them octet for
    octet; unfolded."""
    if not stored.endswith(content):
        at = next((i for i, (a, b) in enumerate(zip(stored[::-1], content[::-1]))
                   if a != b), min(len(stored), len(content)))
        raise Failure(f"not the same ({len(content)} octets sent): differs {at} octets "
                      f"before the end: {stored[-at - 60:][:120]!r} should be "
                      f"{content[-at - 60:][:120]!r}")
    top = stored[:len(stored) - len(content)].decode(errors="replace")
    fields = re.sub(r"\r\n[ \t]+", " ", top).split("\r\n")
    check(fields.pop() == "", "not whole lines on top:", top)
    for field in fields:
        check(field.split(":")[0].lower().encode() in TRACE, "on top there is", field)
    return fields


def same_messages(stored, sent, copies=1):
    """What is stored is what was sent, each the same number of times. The fields on top
    of each stored message."""
    check(len(stored) == len(sent) * copies, len(stored), "messages stored,", len(sent),
          "sent to", copies)
    missing = [m for m in sent for _ in range(copies)]
    missing.sort(key=len, reverse=True)  # one may end in another
    tops = []
    for one in stored:
        match = next((m for m in missing if one.endswith(m)), None)
        check(match is not None, "was not sent like this:", one[:3000], "...", one[-300:])
        missing.remove(match)
        tops.append(on_top(one, match))
    return tops


def maildir(root, user):
    """Messages in ROOT/user/Maildir/new."""
    folder = pathlib.Path(root, user, "Maildir", "new")
    return [p.read_bytes() for p in sorted(folder.glob("*"))]


# ---- smtp-sink ---------------------------------------------------------------------------

class SmtpSink:
    """Postfix's test server, which keeps each transaction in a file."""

    def __init__(self, folder, *options):
        need("smtp-sink")
        self.folder = give_away(folder)
        self.port = free_ports(1)[0]
        become = ["-u", USER] if os.geteuid() == 0 else []
        self.process = Process(
            ["smtp-sink", *become, "-d", "m.", "-h", "sink.test", *options,
             f"127.0.0.1:{self.port}", "100"], WORK / (folder.name + ".log"), cwd=folder)
        wait_for(self._ready, "smtp-sink to start")

    def _ready(self):
        check(self.process.alive(), "smtp-sink ended:", self.process.log())
        return listens(self.port)

    def messages(self):
        """(fields of smtp-sink's own, content) of each transaction that reached DATA."""
        return [self._parse(p.read_bytes()) for p in self.folder.glob("m.*")]

    @staticmethod
    def _parse(dump):
        match = re.match(rb"((?:X-[^\n]*\n)*)(Received: [^\n]*\n(?:\t[^\n]*\n)*)", dump)
        check(match, "not a dump of smtp-sink:", dump[:500])
        check(dump.endswith(b"\n"), "no end:", dump[-100:])
        content = dump[match.end():-1]  # an empty line was added
        return match.group(1).decode().splitlines(), content.replace(b"\n", b"\r\n")

    def stop(self):
        self.process.stop()


# ---- Dovecot's SASL service --------------------------------------------------------------

class DovecotAuth:
    """Dovecot with nothing but its authentication service, as Postfix uses it."""

    def __init__(self, folder, users):
        need("dovecot")
        version = run(["dovecot", "--version"])[1]
        if not version.startswith("2.3."):
            raise Skip(f"dovecot is {version.strip()}, this configuration is for 2.3")
        folder.mkdir()
        self.path = folder / "run" / "sasl"
        (folder / "users").write_text(
            "".join(f"{name}:{{PLAIN}}{password}\n" for name, password in users.items()))
        (folder / "users").chmod(0o644)
        (folder / "dovecot.conf").write_text(f"""
base_dir = {folder}/run
state_dir = {folder}/run/state
instance_name = mailproto-test
log_path = {folder}/log
protocols =
ssl = no
listen = 127.0.0.1
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={USER} gid=nogroup home=/nonexistent
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener sasl {{
    mode = 0666
  }}
}}
""")
        self.process = Process(["dovecot", "-F", "-c", folder / "dovecot.conf"],
                               folder / "out")
        wait_for(self._ready, "Dovecot to start")

    def _ready(self):
        check(self.process.alive(), "Dovecot ended:", self.process.log())
        return self.path.exists()


# ---- Postfix -----------------------------------------------------------------------------

MAIN_CF = """
compatibility_level = 3.6
command_directory = /usr/sbin
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
syslog_name = mailproto-test
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.mail.test
mydomain = mail.test
myorigin = mail.test
mydestination =
mynetworks =
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
append_dot_mydomain = no
biff = no
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = mail.test
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/mailboxes
virtual_mailbox_limit = 0
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
transport_maps = texthash:{folder}/transport
smtputf8_enable = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
message_size_limit = 3000000
# Content stays as it is.
always_add_missing_headers = no
local_header_rewrite_clients =
message_drop_headers =
disable_mime_output_conversion = yes
smtp_tls_security_level = none
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
{more}
"""

MASTER_CF = """
{services}
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


def need_postfix():
    need("postfix")
    if os.geteuid() != 0:
        raise Skip("Postfix can only be started by root")


class Postfix:
    """A Postfix of its own. `services`: name to options of smtpd; their ports are in
    `ports`. `transports`: name to options of smtp, for `routes`: domain to transport and
    next server. `mailboxes`: addresses at mail.test."""

    def __init__(self, folder, services, mailboxes=(), transports=None, routes=None,
                 more=""):
        need_postfix()
        self.folder = folder
        folder.mkdir()
        self.mail = give_away(folder / "mail")
        self.ports = dict(zip(services, free_ports(len(services))))
        lines = [f"127.0.0.1:{self.ports[name]} inet n - n - - smtpd{self._set(options)}"
                 for name, options in services.items()]
        lines += [f"{name} unix - - n - - smtp{self._set(options)}"
                  for name, options in (transports or {}).items()]
        owner = self.mail.stat()
        (folder / "mailboxes").write_text("".join(
            f"{a} {a.split('@')[0]}/Maildir/\n" for a in mailboxes), encoding="utf-8")
        (folder / "transport").write_text("".join(
            f"{domain} {to}\n" for domain, to in (routes or {}).items()))
        (folder / "main.cf").write_text(
            MAIN_CF.format(folder=folder, uid=owner.st_uid, gid=owner.st_gid or 65534,
                           more=more))
        (folder / "master.cf").write_text(MASTER_CF.format(services="\n".join(lines)))
        (folder / "queue").mkdir()
        (folder / "data").mkdir()
        shutil.chown(folder / "data", "postfix")
        self._start()

    @staticmethod
    def _set(options):
        return "".join(f"\n  -o {{ {key} = {value} }}" for key, value in options.items())

    def _start(self):
        code, out, errors = run(["postfix", "-c", self.folder, "check"])
        check(code == 0, "postfix check:", out, errors, self.log())
        code, daemons, errors = run(["postconf", "-c", self.folder, "-h",
                                     "daemon_directory"])
        check(code == 0, "postconf:", errors)
        self.process = Process(
            [pathlib.Path(daemons.strip(), "master"), "-c", self.folder, "-s"],
            self.folder / "out", env={**os.environ, "MAIL_CONFIG": str(self.folder)})
        wait_for(self._ready, "Postfix to start")

    def _ready(self):
        check(self.process.alive(), "Postfix ended:", self.process.log(), self.log())
        return all(listens(p) for p in self.ports.values())

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def new(self, user):
        """Its mail; Postfix stores LF, so what is returned has CRLF again."""
        return [m.replace(b"\n", b"\r\n") for m in maildir(self.mail, user)]

    def wait(self, user, count, seconds=WAIT_SECONDS):
        wait_for(lambda: len(self.new(user)) >= count, f"{count} messages for {user}",
                 seconds)
        return self.new(user)

    def waiting(self):
        code, out, errors = run(["postqueue", "-c", self.folder, "-j"])
        check(code == 0, "postqueue:", errors)
        return out.count("\n")

    def stop(self):
        self.process.stop()


# ---- all tests of a file -----------------------------------------------------------------

def main(names):
    """Runs test_... of a module, or those that were asked for. With MAILPROTO_NO_SKIP=1,
    where everything is installed, a test that skips itself has failed."""
    tests = {n[5:]: f for n, f in names.items() if n.startswith("test_")}
    no_skip = os.environ.get("MAILPROTO_NO_SKIP", "0") not in ("", "0")
    failed, skipped, without_data = [], [], []
    chosen = sys.argv[1:] or list(tests)
    for name in chosen:
        folder = WORK / name
        folder.mkdir()
        begun = time.monotonic()
        _again.clear()
        try:
            note = tests[name](folder) or "ok"
        except Skip as e:
            must = no_skip and not isinstance(e, NoData)
            (failed if must else skipped).append(name)
            without_data += [name] if isinstance(e, NoData) else []
            note = f"FAILED, for it skipped itself: {e}" if must else f"skipped: {e}"
        except Exception as e:  # whatever it is, the others still run
            failed.append(name)
            note = f"FAILED: {type(e).__name__}: {str(e)[:5000]}"
            for p in _running[shared.count:]:
                note += f"\n---- {p.process.args[0]}\n{p.log()[-2000:]}"
        while len(_running) > shared.count:
            _running[-1].stop()
        if _again:
            note += f" *** AFTER {len(_again)} MORE TRIES ***"
        print(f"{name:22s} {time.monotonic() - begun:5.1f} s  {note}", flush=True)
    stop_all()
    if failed:
        print("FAILED:", " ".join(failed), "(MAILPROTO_KEEP=1 keeps their files)")
        return 1
    if len(skipped) == len(chosen):
        if skipped == without_data:  # tests/run.sh excuses this line
            print("skipped: no data folder (MAILPROTO_DATA)")
        return 77
    if skipped:  # tests/run.sh shows this line
        print(f"SKIPPED IN PART: {pathlib.Path(sys.argv[0]).stem}:", *skipped)
    return 0
