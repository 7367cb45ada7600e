#!/usr/bin/env python3
"""Authentication with others and with ourselves: the client (mailproto-send, with OpenSSL
and with mbedTLS) against Dovecot's submission service and Postfix with Dovecot's SASL;
swaks, curl, msmtp and Python's smtplib into the server (mailproto-mailserver); our client
against our server, with channel binding too; and the bound mechanisms with GNU SASL, both
ways, and with Cyrus SASL. Each mechanism with the right and with a wrong secret. No log
holds a secret, in any form.

Runs on free ports of loopback, in a temporary folder. Standard library only. Arguments:
names of tests."""
import base64
import concurrent.futures
import hashlib
import hmac
import json
import os
import re
import shlex
import smtplib
import ssl
import sys
import time

sys.dont_write_bytecode = True
import bound  # noqa: E402
import cyrus  # noqa: E402
import gsasl  # noqa: E402
import peers  # noqa: E402
from peers import (Failure, Postfix, Process, Skip, certificates, check, free_ports, listens,
                   maildir, message, need, run, same_messages, wait_for)  # noqa: E402

SERVER = peers.find_program("mailproto-mailserver")
SERVERS = {"OpenSSL": SERVER,
           "mbedTLS": peers.find_program("mailproto-mailserver-mbedtls", required=False)}
SERVERS = {name: path for name, path in SERVERS.items() if path}
CLIENTS = {"OpenSSL": peers.find_program("mailproto-send", required=False),
           "mbedTLS": peers.find_program("mailproto-send-mbedtls", required=False)}
CLIENTS = {name: path for name, path in CLIENTS.items() if path}
USERS = {"alice": "wonderland", "bob": "a pass, w\u00f6rd"}
WRONG = "looking-glass"
WRONGLY = (("alice", WRONG), ("nobody", USERS["alice"]))  # wrong password, unknown user
PASSWORD = ["LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
TOKEN = ["OAUTHBEARER", "XOAUTH2"]
BOUND = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"]
CONTENT = message("with a login")
MESSAGE = peers.WORK / "m.eml"
MESSAGE.write_bytes(CONTENT)
TOKEN_KEY = b"a key of thirty-two octets, say."


# ---- secrets, which must be in no log ----------------------------------------------------

def forms(secret):
    """A secret as it is, and in base64 wherever it may begin in what is encoded."""
    raw = secret.encode()
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        # Characters at both ends also hold bits of the neighbours.
        yield coded[(shift * 8 + 5) // 6:-1]
    yield secret
    yield hashlib.md5(raw).hexdigest()


def no_secret(text, *secrets):
    for secret in (*USERS.values(), WRONG, *secrets):
        for form in forms(secret):
            check(form not in text, "a secret is in the log:", form, text[-3000:])


def token_for(user, key=TOKEN_KEY):
    """A JSON Web Token (RFC 7519), signed with HS256."""
    def coded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    head = coded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    now = int(time.time())
    claims = coded(json.dumps({"sub": user, "iat": now - 60, "exp": now + 3600}).encode())
    text = head + b"." + claims
    return (text + b"." + coded(hmac.new(key, text, hashlib.sha256).digest())).decode()


# ---- our client --------------------------------------------------------------------------

def secret_file(folder, secret):
    path = folder / ("secret." + hashlib.sha256(secret.encode()).hexdigest()[:12])
    if not path.exists():
        path.write_text(secret + "\n", encoding="utf-8")
    return path


def secrets_of(folder, user, secret, token=None):
    options = ["--user", user]
    if secret:
        options += ["--password-file", secret_file(folder, secret)]
    if token:
        options += ["--token-file", secret_file(folder, token)]
    return options


def tls12(folder, *more):
    """An environment in which OpenSSL speaks TLS 1.2."""
    config = folder / f"openssl{len(more)}.cnf"
    config.write_text("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n" +
                      "\n".join(["MaxProtocol = TLSv1.2", *more, ""]))
    return {"OPENSSL_CONF": str(config)}


def send(client, port, *options, to="bob@mail.test", env=None, file=MESSAGE):
    """(exit code, all that it said)."""
    code, out, errors = run([CLIENTS[client], "--server", f"localhost:{port}", "--verbose",
                             "--cafile", certificates().ca, "--helo", "client.test",
                             "--from", "alice@src.test", "--to", to, file, *options],
                            env=env)
    peers.sanitizers_silent(out + errors)
    no_secret(out + errors)
    return code, out + errors


def lets_in(client, port, mechanism, *options, env=None):
    """Authenticates, with `mechanism` in the end, and sends one message."""
    code, said = send(client, port, *options, env=env)
    used = re.findall(r"^C: AUTH ([A-Z0-9-]+)", said, re.M)
    check(code == 0 and "delivered bob@mail.test" in said, client, mechanism, options, said)
    check(used and used[-1] == mechanism, "used", used, "not", mechanism, said)
    check("S: 235" in said, said)
    return used


def keeps_out(client, port, mechanism, *options, reply="535", tries=1, env=None):
    code, said = send(client, port, *options, "--mechanism", mechanism, env=env)
    check(code == 2, client, mechanism, "exit code", code, said)
    check(f"authentication: {reply}" in said and "C: MAIL" not in said, mechanism, said)
    check(said.count("C: AUTH ") == tries, "tried another:", said)


def all_kept_out(calls):
    """keeps_out() with each of these arguments, and so many tries, at the same time: servers
    let those wait who are wrong."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(keeps_out, *arguments, tries=tries)
                     for arguments, tries in list(calls)]:
            done.result()


def need_client():
    if not CLIENTS:
        raise Skip("mailproto-send is not built")


# ---- Dovecot -----------------------------------------------------------------------------

OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = sub
openid_configuration_url = https://example.invalid/.well-known/openid-configuration
"""

DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/run/state
instance_name = mailproto-sasl
log_path = {folder}/log
auth_verbose = yes
protocols = submission
listen = 127.0.0.1
hostname = mx.mail.test
ssl = yes
ssl_cert = <{tls.cert}
ssl_key = <{tls.key}
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 oauthbearer xoauth2
auth_failure_delay = 0
mail_location = maildir:~/Maildir
first_valid_uid = 1
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
service submission-login {{
  inet_listener submission {{
    port = {port}
  }}
  service_count = 0
}}
service auth {{
  unix_listener sasl {{
    mode = 0666
  }}
}}
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
submission_relay_trusted = no
submission_relay_ssl = no
"""


class Dovecot:
    """Its submission service, which hands mail to `relay`, and its SASL service for
    Postfix. Knows USERS; `carol` and `dave` too, whose passwords are alice's, kept as
    SHA-512 crypt and for SCRAM-SHA-256 alone; tokens for all of them. `more`: lines of
    configuration that come last."""

    def __init__(self, folder, relay, more=""):
        need("dovecot", "doveadm")
        if os.geteuid() != 0:
            raise Skip("Dovecot's login processes can only be started by root")
        if not os.path.exists("/usr/lib/dovecot/submission-login"):
            raise Skip("Dovecot has no submission service (dovecot-submissiond)")
        folder.mkdir()
        self.sasl = folder / "run" / "sasl"
        self.port = free_ports(1)[0]
        keys = folder / "keys" / "default" / "HS256"
        keys.mkdir(parents=True)
        (keys / "default").write_bytes(base64.b64encode(TOKEN_KEY))
        (folder / "oauth2.conf.ext").write_text(OAUTH2.format(folder=folder))
        owner = peers.give_away(folder / "home").stat()
        config = folder / "dovecot.conf"
        config.write_text(DOVECOT.format(
            folder=folder, tls=certificates(), port=self.port, relay=relay,
            uid=owner.st_uid, gid=owner.st_gid or 65534) + more)
        stored = {name: "{PLAIN}" + password for name, password in USERS.items()}
        for name, scheme in (("carol", "SHA512-CRYPT"), ("dave", "SCRAM-SHA-256")):
            code, out, errors = run(["doveadm", "-c", config, "pw", "-s", scheme, "-p",
                                     USERS["alice"]])
            check(code == 0, "doveadm pw:", errors)
            stored[name] = out.strip()
        (folder / "users").write_text(
            "".join(f"{name}:{text}\n" for name, text in stored.items()), encoding="utf-8")
        for path in folder.rglob("*"):  # its processes have users of their own
            path.chmod(0o755 if path.is_dir() else 0o644)
        self.log_path = folder / "log"
        self.process = Process(["dovecot", "-F", "-c", config], folder / "out")
        wait_for(self._ready, "Dovecot to start")

    def _ready(self):
        check(self.process.alive(), "Dovecot ended:", self.process.log(), self.log())
        return self.sasl.exists() and listens(self.port)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""


_dovecot = []


def dovecot():
    """The one that tests share, with a server behind it."""
    if not _dovecot:
        try:
            with peers.shared():
                behind = Server(peers.WORK / "behind", auth=None)
                _dovecot.append(Dovecot(peers.WORK / "peer.dovecot", behind.port))
                _dovecot[0].behind = behind
        except (Failure, Skip) as e:
            _dovecot.append(e)
    if isinstance(_dovecot[0], Exception):
        raise _dovecot[0]
    return _dovecot[0]


# ---- our server --------------------------------------------------------------------------

class Server:
    """mailproto-mailserver for mail.test. auth: "tls", "clear" (also without), None."""

    def __init__(self, folder, *options, auth="tls", cert=None, key=None,
                 env=None, library="OpenSSL"):
        folder.mkdir(parents=True, exist_ok=True)
        self.mail = folder / "mail"
        arguments = [SERVERS[library], "--name", "mx.mail.test", "--listen", "127.0.0.1:0",
                     "--queue", folder / "queue", "--local-domain", "mail.test",
                     "--maildir-root", self.mail, "--verbose", "--alias", "localhost", *options]
        if auth:
            users = folder / "users"
            users.write_text("".join(f"{n}:{p}\n" for n, p in USERS.items()),
                             encoding="utf-8")
            arguments += ["--users", users, "--cert", cert or certificates().cert, "--key",
                          key or certificates().key]
        if auth == "clear":
            arguments.append("--auth-in-clear")
        self.process = Process(arguments, folder / "log",
                               env={**os.environ, **(env or {})})
        self.port = int(wait_for(self._ready, "the server to start").group(1))
        self.count = 0

    def _ready(self):
        check(self.process.alive(), "the server ended:", self.log())
        return re.search(r"ready on \S+:(\d+)\n", self.log())

    def log(self):
        return self.process.log()

    def got(self, count, *protocols):
        """So many more messages have come for bob, by each of the protocols."""
        self.count += count * len(protocols)
        wait_for(lambda: len(maildir(self.mail, "bob")) >= self.count, "the messages")
        tops = same_messages(maildir(self.mail, "bob"), [CONTENT], copies=self.count)
        for protocol in protocols:
            by = [f for fields in tops for f in fields if f"with {protocol} id" in f]
            check(len(by) >= count, protocol, tops[-1])

    def stop(self):
        check(self.process.stop(60) == 0, "the server ended with an error", self.log()[-3000:])
        peers.sanitizers_silent(self.log())
        no_secret(self.log())


# ---- our client against Dovecot ----------------------------------------------------------

def test_client_dovecot(folder):
    """Every mechanism that its submission service offers, right and wrong, in TLS."""
    need_client()
    server = dovecot()
    before = len(maildir(server.behind.mail, "bob"))
    sent = 0
    for client in CLIENTS:
        for user, password in USERS.items():
            for mechanism in PASSWORD:
                lets_in(client, server.port, mechanism, "--mechanism", mechanism,
                        *secrets_of(folder, user, password))
                sent += 1
        all_kept_out(((client, server.port, mechanism, *secrets_of(folder, user, WRONG)), 1)
                     for mechanism in PASSWORD for user in ("alice", "nobody"))
        for mechanism in TOKEN:
            good = secrets_of(folder, "alice", None, token_for("alice"))
            lets_in(client, server.port, mechanism, "--mechanism", mechanism, *good)
            sent += 1
        all_kept_out(((client, server.port, mechanism,
                       *secrets_of(folder, user, None, bad)), 1) for mechanism in TOKEN
                     for user, bad in (("alice", token_for("bob")), ("alice", WRONG),
                                       ("alice", token_for("alice", b"another key")),
                                       ("nobody", token_for("alice"))))
    wait_for(lambda: len(maildir(server.behind.mail, "bob")) == before + sent,
             f"{sent} messages")
    same_messages(maildir(server.behind.mail, "bob"), [CONTENT], copies=before + sent)
    return f"ok: {', '.join(CLIENTS)}; {sent} times let in"


def test_client_choice(folder):
    """The strongest first, the next when it is refused; nothing in the clear unasked."""
    need_client()
    server = dovecot()
    for client in CLIENTS:
        login = secrets_of(folder, "alice", USERS["alice"])
        used = lets_in(client, server.port, "SCRAM-SHA-256", *login)
        check(used == ["SCRAM-SHA-256"], used)
        # A token is preferred to a password that goes over the wire, not to SCRAM.
        both = secrets_of(folder, "alice", USERS["alice"], token_for("alice"))
        lets_in(client, server.port, "SCRAM-SHA-256", *both)
        token = secrets_of(folder, "alice", None, token_for("alice"))
        lets_in(client, server.port, "OAUTHBEARER", *token)
        # Kept as crypt, only the password itself can be checked; for SCRAM, that too.
        used = lets_in(client, server.port, "PLAIN",
                       *secrets_of(folder, "carol", USERS["alice"]))
        check(used == ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN"], used)
        used = lets_in(client, server.port, "SCRAM-SHA-256",
                       *secrets_of(folder, "dave", USERS["alice"]))
        check(used == ["SCRAM-SHA-256"], used)
        # A token that no mechanism can carry is no reason to give up.
        odd = secrets_of(folder, "alice", USERS["alice"], "a token")
        used = lets_in(client, server.port, "PLAIN", "--mechanism", "OAUTHBEARER PLAIN", *odd)
        check(used == ["PLAIN"], used)
        code, said = send(client, server.port, "--mechanism", "OAUTHBEARER XOAUTH2", *odd)
        check(code == 2 and "ARGUMENT" in said and "C: AUTH" not in said, said)
        # Wrong: all of them, then good-bye.
        code, said = send(client, server.port, *secrets_of(folder, "alice", WRONG))
        check(code == 2 and "authentication: 535" in said and "MAIL FROM" not in said, said)
        check(said.count("C: AUTH ") == len(PASSWORD), said)
        # In the clear.
        code, said = send(client, server.port, "--tls", "none", *login)
        check(code == 2 and "NEEDS_TLS" in said and "C: AUTH" not in said, said)
        for mechanism in PASSWORD:
            lets_in(client, server.port, mechanism, "--tls", "none", "--insecure",
                    "--mechanism", mechanism, *login)
        # Not offered by Dovecot.
        for mechanism in BOUND:
            code, said = send(client, server.port, "--mechanism", mechanism, *login)
            check(code == 2 and "NOT_OFFERED" in said and "C: AUTH" not in said, said)


def test_client_postfix(folder):
    need_client()
    auth = dovecot()
    tls = certificates()
    login = {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot",
             "smtpd_sasl_path": auth.sasl, "smtpd_sasl_security_options": "noanonymous",
             "smtpd_client_restrictions": "permit_sasl_authenticated, reject"}
    secure = {"smtpd_tls_cert_file": tls.cert, "smtpd_tls_key_file": tls.key}
    postfix = Postfix(folder / "postfix", {
        "starttls": {**login, **secure, "smtpd_tls_security_level": "encrypt"},
        "implicit": {**login, **secure, "smtpd_tls_wrappermode": "yes"}}, ["bob@mail.test"])
    port, sent = postfix.ports["starttls"], 0
    for client in CLIENTS:
        for mechanism in PASSWORD:
            good = secrets_of(folder, "bob", USERS["bob"])
            lets_in(client, port, mechanism, "--mechanism", mechanism, *good)
        for mechanism in TOKEN:
            good = secrets_of(folder, "bob", None, token_for("bob"))
            lets_in(client, port, mechanism, "--mechanism", mechanism, *good)
        all_kept_out(((client, port, m, *secrets_of(folder, user, WRONG)), 1)
                     for m in PASSWORD for user in ("bob", "nobody"))
        all_kept_out(((client, port, m, *secrets_of(folder, user, None, token_for("alice"))),
                      1) for m in TOKEN for user in ("bob", "nobody"))
        lets_in(client, postfix.ports["implicit"], "SCRAM-SHA-256", "--tls",
                "implicit", *secrets_of(folder, "alice", USERS["alice"]))
        sent += len(PASSWORD) + len(TOKEN) + 1
    same_messages(postfix.wait("bob", sent), [CONTENT], copies=sent)
    return f"ok: {', '.join(CLIENTS)}; {sent} times let in"


# ---- our client against our server -------------------------------------------------------

def test_client_server(folder):
    """Every mechanism of the two, with the channel binding of each TLS library."""
    need_client()
    for library in SERVERS:
        every_mechanism(folder, library)
    some_mechanisms(folder)
    return f"ok: {', '.join(CLIENTS)} to {', '.join(SERVERS)}"


def every_mechanism(folder, library):
    every = [*PASSWORD, *TOKEN, *BOUND]
    s = Server(folder / ("all." + library), "--mechanisms", " ".join(every), library=library)
    for client in CLIENTS:
        # How often a bound one is tried, which is right and is wrong: TLS 1.2 has two kinds.
        right = 2 if (client, library) == ("OpenSSL", "mbedTLS") else 1
        for user, password in USERS.items():
            for mechanism in [*PASSWORD, *BOUND]:
                good = secrets_of(folder, user, password)
                lets_in(client, s.port, mechanism, "--mechanism", mechanism, *good)
        for mechanism in TOKEN:
            good = secrets_of(folder, "alice", None, USERS["alice"])
            lets_in(client, s.port, mechanism, "--mechanism", mechanism, *good)
        all_kept_out(((client, s.port, mechanism,
                       *secrets_of(folder, user, password, password)),
                      right if mechanism in BOUND else 1)
                     for mechanism in every
                     for user, password in (("alice", WRONG), ("nobody", USERS["alice"]),
                                            ("bob", USERS["alice"])))
        # The strongest, and no other than a bound one when it is refused.
        good = secrets_of(folder, "alice", USERS["alice"])
        used = lets_in(client, s.port, "SCRAM-SHA-256-PLUS", *good)
        check(used == ["SCRAM-SHA-256-PLUS"] * right, used)
        code, said = send(client, s.port, *secrets_of(folder, "alice", WRONG))
        used = re.findall(r"^C: AUTH ([A-Z0-9-]+)", said, re.M)
        check(code == 2 and sorted(used) == sorted(BOUND * right), used, said)
        # Allowed are an unbound one and another's bound form: here that is offered, ...
        either = ["--mechanism", "SCRAM-SHA-256 SCRAM-SHA-1-PLUS", *good]
        check(lets_in(client, s.port, BOUND[0], *either) == [BOUND[0]] * right)
    logins = len(USERS) * (len(PASSWORD) + len(BOUND)) + len(TOKEN) + 1
    s.got(len(CLIENTS) * (logins + 1), "ESMTPSA")
    s.stop()


def some_mechanisms(folder):
    good = secrets_of(folder, "alice", USERS["alice"])
    # ... here it is not: an unbound one that does not claim that this server cannot bind.
    some = Server(folder / "some", "--mechanisms", "SCRAM-SHA-256-PLUS SCRAM-SHA-256")
    for client in CLIENTS:
        check(lets_in(client, some.port, "SCRAM-SHA-256", "--mechanism",
                      "SCRAM-SHA-256 SCRAM-SHA-1-PLUS", *good) == ["SCRAM-SHA-256"])
        lets_in(client, some.port, "SCRAM-SHA-256", "--mechanism", "SCRAM-SHA-256", *good)
    some.got(2 * len(CLIENTS), "ESMTPSA")
    some.stop()
    without = Server(folder / "without", "--mechanisms", " ".join(PASSWORD))
    clear = Server(folder / "clear", auth="clear")
    unbound = ("--tls", "none", "--insecure")
    for client in CLIENTS:
        # Says that it could have bound, and may go on.
        lets_in(client, without.port, "SCRAM-SHA-256", *good)
        # Where AUTH is taken in the clear too, the bound forms are there under TLS only.
        lets_in(client, clear.port, BOUND[1], *good)
        lets_in(client, clear.port, "SCRAM-SHA-256", *unbound, *good)
        for server, options in ((without, ()), (clear, unbound)):
            code, said = send(client, server.port, *options, "--mechanism", BOUND[0],
                              *good)
            check(code == 2 and "NOT_OFFERED" in said, said)
    without.got(len(CLIENTS), "ESMTPSA")
    clear.got(len(CLIENTS), "ESMTPSA", "ESMTPA")
    without.stop()
    clear.stop()


def test_secret_files(folder):
    """The first line, however it ends and whatever follows; none, or one that is too long,
    is said."""
    need_client()
    s = Server(folder / "s")
    path = folder / "file"
    login = ["--user", "alice", "--password-file", path]
    for client in CLIENTS:
        for text in ("wonderland", "wonderland\r\n", "wonderland\nmore\n" + "x" * 20000):
            path.write_text(text, newline="")
            lets_in(client, s.port, BOUND[1], *login)
        for text, why in (("", "Invalid argument"), ("x" * 16385 + "\n", "File too large")):
            path.write_text(text, newline="")
            code, said = send(client, s.port, *login)
            check(code == 2 and f"{path}: {why}" in said and "C: " not in said, said)
        path.write_text("x" * 16384 + "\n", newline="")
        code, said = send(client, s.port, *login)
        check(code == 2 and "C: AUTH" in said and "authentication: 535" in said, said)
        code, said = send(client, s.port, "--user", "alice", "--password-file", folder)
        check(code == 2 and "Is a directory" in said, said)
    s.got(3 * len(CLIENTS), "ESMTPSA")
    s.stop()
    return f"ok: {', '.join(CLIENTS)}"


def test_one_connection(folder):
    """Many messages to several recipients: one connection, one handshake and one login,
    with each TLS library at both ends."""
    need_client()
    content = list(peers.own_messages().values())
    files = []
    for i, one in enumerate(content):
        files.append(folder / f"{i:02}.eml")
        files[-1].write_bytes(one)
    good = secrets_of(folder, "alice", USERS["alice"])
    for library in SERVERS:
        s = Server(folder / library, library=library)
        for n, client in enumerate(CLIENTS, 1):
            code, said = send(client, s.port, "--to", "alice@mail.test", *good, *files[1:],
                              to="bob@mail.test", file=files[0])
            check(code == 0 and said.count("\ndelivered ") + said.startswith("delivered ") ==
                  2 * len(files), client, library, said[-3000:])
            log = s.log()
            check(log.count("C: STARTTLS") == log.count("S: 235") == n and
                  set(re.findall(r"^\[mx.mail.test\] #(\d+) from", log, re.M)) ==
                  {str(i + 1) for i in range(n)}, client, library, log[-3000:])
        for user in ("alice", "bob"):
            wait_for(lambda u=user: len(maildir(s.mail, u)) >= len(CLIENTS) * len(files),
                     "the messages")
            same_messages(maildir(s.mail, user), content, copies=len(CLIENTS))
        s.stop()
    return f"ok: {', '.join(CLIENTS)} to {', '.join(SERVERS)}; {len(files)} messages"


# ---- channel binding with others ---------------------------------------------------------

# Before TLS 1.3 the client has two kinds with OpenSSL, and one with mbedTLS; what a server
# takes it finds out by trying.
OLD = {"OpenSSL": ["tls-unique", "tls-server-end-point"], "mbedTLS": ["tls-server-end-point"]}


def bound_logins(folder, clients, kind, begin):
    """Our client against the SCRAM of others behind bound.SmtpServer, which takes that kind
    of binding alone."""
    tls = certificates()
    server = bound.SmtpServer(tls.cert, tls.key, folder / (kind + ".keys"), kind, begin)
    good, wrong = (secrets_of(folder, "alice", p) for p in (USERS["alice"], WRONG))

    def first():
        check(not server.errors, server.errors)
        return server.first[-1]

    for client in clients:
        kinds = ["tls-exporter"] if kind == "tls-exporter" else OLD[client]
        until = kinds.index(kind) + 1
        server.offered = " ".join([*BOUND, *PASSWORD])
        for mechanism in BOUND:
            for user, password in USERS.items():
                server.first.clear()
                lets_in(client, server.port, mechanism, "--mechanism", mechanism,
                        *secrets_of(folder, user, password))
                check(first() and [f.split(",,")[0] for f in server.first] ==
                      ["p=" + k for k in kinds[:until]], server.first)
            tries = len(kinds)
            keeps_out(client, server.port, mechanism, *wrong, tries=tries)
            keeps_out(client, server.port, mechanism,
                      *secrets_of(folder, "nobody", USERS["alice"]), tries=tries)
        check(lets_in(client, server.port, BOUND[1], *good) == [BOUND[1]] * until)
        # Made to do without it, where it is offered: does not claim that it is not ("y").
        lets_in(client, server.port, "SCRAM-SHA-256", "--mechanism", "SCRAM-SHA-256", *good)
        check(first().startswith("n,,n="), first())
        # Another connection than ours: somebody is in between. No way around the binding.
        server.meddle = True
        for mechanism in BOUND:
            keeps_out(client, server.port, mechanism, *good, tries=tries)
        code, said = send(client, server.port, *good)
        used = re.findall(r"^C: AUTH ([A-Z0-9-]+)", said, re.M)
        check(code == 2 and sorted(used) == sorted(BOUND * tries), used, said)
        server.meddle = False
        # The offer of -PLUS is gone: the client says that it would have taken it.
        server.offered = "SCRAM-SHA-256"
        code, said = send(client, server.port, *good)
        check(first().startswith("y,,n=") and "C: AUTH SCRAM-SHA-256 " in said, first(), said)
        check(code in (0, 2), code, said)  # not every server minds
    server.stop()
    check(set(server.messages) == {CONTENT}, server.messages)


def need_gsasl():
    if gsasl.load() is None:
        raise Skip(f"{gsasl.LIBRARY} (libgsasl18) is not installed")


def test_client_gsasl(folder):
    """GNU SASL's server, which knows tls-exporter and tls-unique; mbedTLS 2.28 has
    neither."""
    need_gsasl()
    if "OpenSSL" not in CLIENTS:
        raise Skip("mailproto-send is not built")
    for kind in gsasl.BINDINGS:
        bound_logins(folder, ["OpenSSL"], kind,
                     lambda mechanism, kind, binding: gsasl.Sasl("server", mechanism, USERS,
                                                                 kind, binding))
    return f"ok: {', '.join(BOUND)} with {', '.join(gsasl.BINDINGS)}"


def test_client_cyrus(folder):
    """Cyrus SASL's server, with each kind of binding."""
    need_client()
    try:
        cyrus_sasl = cyrus.Server(folder, USERS)
    except OSError:
        raise Skip(f"{cyrus.LIBRARY} (libsasl2-2) is not installed") from None
    if cyrus_sasl.problem or "SCRAM-SHA-256" not in cyrus_sasl.mechanisms:
        raise Skip(f"Cyrus SASL has no SCRAM or no users ({cyrus_sasl.problem}): "
                   "libsasl2-modules and libsasl2-modules-db are needed")
    bound_logins(folder, CLIENTS, "tls-server-end-point", cyrus_sasl.begin)
    if "OpenSSL" in CLIENTS:
        bound_logins(folder, ["OpenSSL"], "tls-unique", cyrus_sasl.begin)
        bound_logins(folder, ["OpenSSL"], "tls-exporter", cyrus_sasl.begin)
    return f"ok: {', '.join(CLIENTS)}; {', '.join(BOUND)} with all kinds of binding"


def gsasl_login(port, key_log, mechanism, user, password, kind, meddle=False):
    """GNU SASL's client through SMTP and TLS: the last reply, and whether our server has
    proven that it knows the password."""
    version = ssl.TLSVersion.TLSv1_3 if kind == "tls-exporter" else ssl.TLSVersion.TLSv1_2
    context = ssl.create_default_context(cafile=str(certificates().ca))
    context.minimum_version = context.maximum_version = version
    context.keylog_filename = str(key_log)
    with smtplib.SMTP("localhost", port, "client.test", 20) as c:
        c.starttls(context=context)
        c.ehlo()
        binding = (bound.tls_exporter(key_log) if kind == "tls-exporter" else
                   c.sock.get_channel_binding(kind))
        sasl = gsasl.Sasl("client", mechanism, {user: password}, kind,
                          binding[::-1] if meddle else binding, user)
        try:
            check(sasl.status == gsasl.OK, mechanism, sasl.status)
            status, message = sasl.step(b"")
            code, text = c.docmd("AUTH", f"{mechanism} {message.decode()}")
            while code == 334 and status == gsasl.NEEDS_MORE:
                status, message = sasl.step(text)
                check(status in (gsasl.OK, gsasl.NEEDS_MORE), mechanism, status, text)
                code, text = c.docmd(message.decode())
            return code, status == gsasl.OK
        finally:
            sasl.end()


def test_gsasl_client(folder):
    """GNU SASL's client, bound to its connection, into our server. (Clients that bind to
    the server's certificate: test_bindings.)"""
    need_gsasl()
    s, _ = servers(folder)
    keys = folder / "keys"
    for kind in gsasl.BINDINGS:
        for mechanism in BOUND:
            for user in USERS:
                check(gsasl_login(s.port, keys, mechanism, user, USERS[user], kind) ==
                      (235, True), mechanism, kind, user, s.log()[-2000:])
            for user, password, meddle in (("alice", WRONG, False), ("nobody", WRONG, False),
                                           ("alice", USERS["alice"], True)):
                check(gsasl_login(s.port, keys, mechanism, user, password, kind, meddle) ==
                      (535, False), mechanism, kind, user, "bound to another:", meddle)
    s.stop()
    return f"ok: {', '.join(BOUND)} with {', '.join(gsasl.BINDINGS)}"


def test_bindings(folder):
    """Before TLS 1.3, our client against our server: with tls-unique at once, where both
    have it, and with tls-server-end-point where the client has nothing else; a client of
    either kind comes in. (Servers that know one kind alone: client_gsasl, client_cyrus.)"""
    need_client()
    old = tls12(folder)
    s = Server(folder / "s", "--mechanisms", " ".join([*BOUND, *PASSWORD]), env=old)
    good, wrong = (secrets_of(folder, "alice", p) for p in (USERS["alice"], WRONG))
    for client in CLIENTS:
        for mechanism in BOUND:
            used = lets_in(client, s.port, mechanism, "--mechanism", mechanism, *good,
                           env=old)
            check(used == [mechanism], client, used)
            keeps_out(client, s.port, mechanism, *wrong, tries=len(OLD[client]), env=old)
        # The certificate's binding alone: without the extended master secret.
        used = lets_in(client, s.port, BOUND[1], *good,
                       env=tls12(folder, "Options = -ExtendedMasterSecret"))
        check(used == [BOUND[1]], client, used)
    s.got(3 * len(CLIENTS), "ESMTPSA")
    s.stop()
    if "mbedTLS" not in SERVERS:
        return f"ok: {', '.join(CLIENTS)}"
    # A server that has no tls-unique.
    s = Server(folder / "m", "--mechanisms", " ".join([*BOUND, *PASSWORD]), library="mbedTLS")
    for client in CLIENTS:
        used = lets_in(client, s.port, BOUND[1], *good)
        check(used == [BOUND[1]] * len(OLD[client]), client, used)
    s.got(len(CLIENTS), "ESMTPSA")
    s.stop()
    return f"ok: {', '.join(CLIENTS)}"


class Impostor:
    """A server's side of SCRAM, as bound.SmtpServer wants it, that answers the first message
    with `first` (R: the client's nonce) and the second with `last`."""

    def __init__(self, first, last=b"v=AAAA"):
        self.status, self.answers = bound.OK, [first, last]

    def step(self, message):
        if message in (b"*", b"") or not self.answers:
            return 1000, b""  # cancelled
        nonce = re.search(rb",r=([^,]+)", base64.b64decode(message) + b",r=x")[1]
        answer = self.answers.pop(0).replace(b"R", nonce + b"y")
        return bound.NEEDS_MORE, base64.b64encode(answer)

    def end(self):
        pass


def test_reasons(folder):
    """What our client has against a server's words is said; such a server is shown no
    password by another mechanism, one that refuses within SCRAM (RFC 5802 7) may be."""
    need_client()
    tls = certificates()
    answers = [None]
    server = bound.SmtpServer(tls.cert, tls.key, folder / "keys", "tls-server-end-point",
                              lambda *_: Impostor(*answers[0]))
    server.offered = "SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN"
    salt = b"s=" + base64.b64encode(b"a salt of sixteen")
    for client in CLIENTS:
        for first, last, reason in (
                (b"r=R," + salt + b",i=4095", b"", "ERR_AUTH_WEAK"),
                (b"r=R," + salt + b",i=1000001", b"", "ERR_COUNT_LIMIT"),
                (b"r=R," + salt, b"", "ERR_SYNTAX"),
                (b"r=another," + salt + b",i=4096", b"", "ERR_SYNTAX"),
                (b"r=R," + salt + b",i=4096", b"v=" + base64.b64encode(bytes(32)), "ERR_AUTH"),
                (b"r=R," + salt + b",i=4096", b"nothing", "ERR_SYNTAX")):
            answers[0] = first, last
            code, said = send(client, server.port,
                              *secrets_of(folder, "alice", USERS["alice"]))
            used = re.findall(r"^C: AUTH ([A-Z0-9-]+)", said, re.M)
            check(code == 2 and f"authentication: MAILPROTO_{reason}\n" in said and
                  used == ["SCRAM-SHA-256"], client, first, last, said)
            check("C: QUIT" in said, "leaves without a word:", said)
        for refusal in ((b"e=other-error",), (b"r=R," + salt + b",i=4096", b"e=invalid-proof")):
            answers[0] = refusal
            server.offered = "SCRAM-SHA-256 SCRAM-SHA-1"
            code, said = send(client, server.port,
                              *secrets_of(folder, "alice", USERS["alice"]))
            used = re.findall(r"^C: AUTH ([A-Z0-9-]+)", said, re.M)
            check(code == 2 and "authentication: 535" in said and
                  used == ["SCRAM-SHA-256", "SCRAM-SHA-1"], client, refusal, said)
            server.offered = "SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN"
    check(not server.errors, server.errors)
    server.stop()
    return f"ok: {', '.join(CLIENTS)}"


def firsts(between):
    """The clients' first messages that came by."""
    return [base64.b64decode(line.split()[2]) for line in between.heard
            if line.startswith(b"AUTH ")]


def test_offer_tampered(folder):
    """Somebody in between who has the server's certificate and key takes -PLUS out of its
    offer. The client says that it would have bound (`y`); our server, which did offer it,
    knows by this that the offer was tampered with, and refuses (RFC 5802 6)."""
    need_client()
    tls = certificates()
    offer = " ".join([*BOUND, "SCRAM-SHA-256", "SCRAM-SHA-1"])
    for library in SERVERS:
        s = Server(folder / library, "--mechanisms", offer, library=library)
        between = bound.Between(tls.cert, tls.key, tls.ca, s.port)
        good = secrets_of(folder, "alice", USERS["alice"])
        for client in CLIENTS:
            told = []
            between.change = lambda line: told.append(line) or re.sub(
                rb" SCRAM-SHA-\d+-PLUS", b"", line)
            between.heard.clear()
            code, said = send(client, between.port, *good)
            used = re.findall(r"^C: AUTH ([A-Z0-9-]+)", said, re.M)
            check(code == 2 and "authentication: 535" in said and "C: MAIL" not in said and
                  used == ["SCRAM-SHA-256", "SCRAM-SHA-1"], client, library, said)
            check([first[:10] for first in firsts(between)] == [b"y,,n=alice"] * 2,
                  between.heard)
            check(sum(line.startswith(b"535 ") for line in told) == 2 and
                  not any(line.startswith(b"334") for line in told), "goes on:", told)
            # The same way in between, with nothing changed: an unbound one comes in, ...
            between.change = lambda line: line
            between.heard.clear()
            lets_in(client, between.port, "SCRAM-SHA-256", "--mechanism", "SCRAM-SHA-256",
                    *good)
            check([first[:10] for first in firsts(between)] == [b"n,,n=alice"],
                  between.heard)
            # ... and so does `y` at a server that offers no -PLUS: test_client_server.
        check(not between.errors, between.errors)
        between.stop()
        s.got(len(CLIENTS), "ESMTPSA")
        s.stop()
    return f"ok: {', '.join(CLIENTS)} to {', '.join(SERVERS)}"


def test_certificates(folder):
    """Another CA, another name, another address: no login, no password."""
    need_client()
    tls = certificates()
    s = Server(folder / "s")
    wrong = Server(folder / "w", cert=tls.wrong_cert)
    login = secrets_of(folder, "alice", USERS["alice"])
    for client in CLIENTS:
        for server, *options in ((s, "--cafile", tls.other_ca), (wrong, "--cafile", tls.ca),
                                 (wrong, "--cafile", tls.ca, "--server",
                                  f"127.0.0.1:{wrong.port}")):
            code, said = send(client, server.port, *options, *login)
            check(code == 2 and "TLS: certificate" in said and "C: AUTH" not in said, said)
        lets_in(client, wrong.port, "SCRAM-SHA-256-PLUS", "--insecure", *login)
        # An address is a name too.
        lets_in(client, s.port, "SCRAM-SHA-256-PLUS", "--server",
                f"127.0.0.1:{s.port}", *login)
    s.stop()
    wrong.stop()
    return f"ok: {', '.join(CLIENTS)}"


# ---- other clients into our server -------------------------------------------------------

def servers(folder):
    """One with TLS, where it asks for it, one without."""
    every = " ".join([*PASSWORD, *TOKEN, *BOUND])
    return Server(folder / "tls", "--mechanisms", every), Server(folder / "clear", auth="clear")


def both_ways(folder, arguments, mechanisms, secure, plain, data=b"", env=None):
    """`arguments(port, mechanism, user, password)` make a command; `secure` and `plain`
    are its options with TLS and without."""
    s, clear = servers(folder)
    for server, options, protocol in ((s, secure, "ESMTPSA"), (clear, plain, "ESMTPA")):
        for mechanism in mechanisms:
            for user, password in USERS.items():
                command = [*arguments(server.port, mechanism, user, password), *options]
                code, out, errors = run(command, data, env=env)
                check(code == 0, shlex.join(map(str, command)), "ended with", code,
                      out[-2000:], errors[-3000:], server.log()[-2000:])
            for user, password in WRONGLY:
                command = [*arguments(server.port, mechanism, user, password), *options]
                before = server.log().count("S: 535 5.7.8")
                code, out, errors = run(command, data, env=env)
                check(code != 0 and server.log().count("S: 535 5.7.8") > before, mechanism,
                      "wrong:", user, code, out[-2000:], errors[-3000:])
        # What was asked for is what was done.
        used = set(re.findall(r"C: AUTH ([A-Za-z0-9-]+)", server.log()))
        check({u.upper() for u in used} == {m.upper() for m in mechanisms}, used)
        server.got(len(USERS) * len(mechanisms), protocol)
    s.stop()
    clear.stop()
    return "ok: " + ", ".join(mechanisms)


def test_swaks(folder):
    need("swaks")
    code, out, _ = run(["swaks", "--support"])
    if code != 0 or "TLS not available" in out or "CRAM-MD5 not available" in out:
        raise Skip("swaks has no TLS or no CRAM-MD5 here")
    (folder / "m").write_bytes(re.sub(rb"(?m)^\.", b"..", CONTENT) + b".")
    return both_ways(folder, lambda port, mechanism, user, password: [
        "swaks", "-s", f"127.0.0.1:{port}", "-f", "alice@src.test", "-t", "bob@mail.test",
        "--ehlo", "client.test", "-n", "--no-data-fixup", "--data", f"@{folder / 'm'}",
        "--auth", mechanism, "-au", user, "-ap", password],
        ["PLAIN", "LOGIN", "CRAM-MD5"], ["--tls"], [])


def test_curl(folder):
    need("curl")
    (folder / "m").write_bytes(CONTENT)
    return both_ways(folder, lambda port, mechanism, user, password: [
        "curl", "-sS", "-v", f"smtp://localhost:{port}/client.test", "--mail-from",
        "alice@src.test", "--mail-rcpt", "bob@mail.test", "-T", folder / "m", "--max-time",
        "20", "-u", f"{user}:{password}", "--login-options", f"AUTH={mechanism}"],
        ["PLAIN", "LOGIN", "CRAM-MD5"], ["--ssl-reqd", "--cacert", certificates().ca], [],
        env={"LC_ALL": "C.UTF-8"})


def msmtp(port, mechanism, user, password):
    return ["msmtp", "--file=/dev/null", "--host=localhost", f"--port={port}",
            "--domain=client.test", "-f", "alice@src.test", "--timeout=60",
            f"--auth={mechanism.lower()}", f"--user={user}",
            f"--passwordeval=echo {shlex.quote(password)}", "bob@mail.test"]


def test_msmtp(folder):
    need("msmtp")
    can = run(["msmtp", "--version"])[1].lower().split()
    mechanisms = [m for m in [*PASSWORD, *BOUND] if m.lower() in can]
    tls = ["--tls=on", "--tls-starttls=on", f"--tls-trust-file={certificates().ca}"]
    note = both_ways(folder, msmtp, [m for m in mechanisms if m not in BOUND], tls,
                     ["--tls=off"], CONTENT)
    s, _ = servers(folder / "more")
    used = []
    for mechanism in (m for m in [*TOKEN, *BOUND] if m.lower() in can):
        command = [*msmtp(s.port, mechanism, "alice", USERS["alice"]), *tls]
        code, out, errors = run(command, CONTENT)
        check(code == 0, command, out, errors, s.log()[-2000:])
        for user, password in WRONGLY:
            code, out, errors = run([*msmtp(s.port, mechanism, user, password), *tls],
                                    CONTENT)
            check(code != 0, mechanism, user, out, errors)
        used.append(mechanism)
    s.got(len(used), "ESMTPSA")
    s.stop()
    return ", ".join([note, *used])


def test_smtplib(folder):
    s, clear = servers(folder)
    trusting = ssl.create_default_context(cafile=str(certificates().ca))
    mechanisms = ["PLAIN", "LOGIN", "CRAM-MD5"]
    for server, protocol in ((s, "ESMTPSA"), (clear, "ESMTPA")):
        sent = 0
        for mechanism in mechanisms:
            for user, password in (("alice", USERS["alice"]), *WRONGLY):
                with smtplib.SMTP("localhost", server.port, "client.test", 20) as c:
                    if server is s:
                        c.starttls(context=trusting)
                    c.ehlo()
                    c.user, c.password = user, password
                    method = getattr(c, "auth_" + mechanism.lower().replace("-", "_"))
                    try:
                        check(c.auth(mechanism, method)[0] == 235)
                    except smtplib.SMTPAuthenticationError as e:
                        check(e.smtp_code == 535 and (user, password) in WRONGLY, mechanism,
                              user, e)
                        continue
                    check((user, password) not in WRONGLY, mechanism, "takes anybody", user)
                    c.sendmail("alice@src.test", ["bob@mail.test"], CONTENT)
                    sent += 1
        server.got(sent, protocol)
        server.stop()
    return "ok: " + ", ".join(mechanisms)


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
