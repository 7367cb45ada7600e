#!/usr/bin/env python3
"""Every mechanism that curl and mpop speak into our server (mailproto-mailserver), over SMTP,
POP3 and IMAP, in the clear, after STARTTLS and with TLS from the first byte; with and
without an initial response; with the right and with a wrong secret. docs/interop.md has the
table of all clients.

Runs on free ports of loopback, in a temporary folder. Standard library only. Arguments:
names of tests."""
import base64
import imaplib
import poplib
import re
import ssl
import sys

sys.dont_write_bytecode = True
import bound  # noqa: E402
import gsasl  # noqa: E402
import peers  # noqa: E402
from known import known  # noqa: E402
from peers import Skip, certificates, check, maildir, message, need, run  # noqa: E402
from pop3peers import USERS, MailServer, in_maildir  # noqa: E402

CONTENT = message("with a login")
WRONG = "looking-glass"
PASSWORD = ["PLAIN", "LOGIN", "CRAM-MD5"]
SCRAM = ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"]
TOKEN = ["OAUTHBEARER", "XOAUTH2"]


def start(folder, *options, without=()):
    """All mechanisms but those, and a message in alice's mailbox."""
    server = MailServer(folder, "--verbose", "--imap", "127.0.0.1:0", "--imaps",
                        "127.0.0.1:0", "--client-ca", certificates().ca, "--mechanisms",
                        " ".join(m for m in ["EXTERNAL", *SCRAM, *PASSWORD, *TOKEN]
                                 if m not in without), *options)
    found = dict(re.findall(r"(IMAPS?) on \S+:(\d+)$", server.log(), re.M))
    check(len(found) == 2, "no IMAP:", server.log())
    server.ports = {"smtp": server.smtp_port, "pop3": server.port, "pop3s": server.tls_port,
                    "imap": int(found["IMAP"]), "imaps": int(found["IMAPS"])}
    server.put("alice", [CONTENT])
    return server


# ---- curl --------------------------------------------------------------------------------

def curl(server, scheme, mechanism, who, *options):
    """(exit code, what was received, what was said)"""
    path = {"smtp": "client.test", "pop": "1", "ima": "INBOX;UID=1"}[scheme[:4 if
            scheme == "smtp" else 3]]
    action = ["--mail-from", "alice@src.test", "--mail-rcpt", "bob@mail.test", "-T",
              server.folder / "m"] if scheme == "smtp" else []
    code, out, errors = peers.run_octets(
        ["curl", "-sS", "-v", f"{scheme}://localhost:{server.ports[scheme]}/{path}",
         "--cacert", certificates().ca, "--max-time", "60", *action, *who, *options,
         *(["--login-options", f"AUTH={mechanism}"] if mechanism else ())],
        env={"LC_ALL": "C.UTF-8"})
    return code, out, errors.decode(errors="replace")


def as_user(mechanism, user, secret):
    """curl's options for a mechanism."""
    if mechanism in TOKEN:
        return ["-u", f"{user}:", "--oauth2-bearer", secret]
    if mechanism == "EXTERNAL":  # the secret is the certificate's name
        cert, key = known(secret)
        return ["-u", f"{user}:", "--cert", cert, "--key", key]
    return ["-u", f"{user}:{secret}"]


def every_way(server, mechanisms):
    (server.folder / "m").write_bytes(CONTENT)
    ways = [("smtp", ["--ssl-reqd"]), ("pop3", ["--ssl-reqd"]), ("pop3s", []),
            ("imap", ["--ssl-reqd"]), ("imaps", []), ("smtp", []), ("pop3", []), ("imap", [])]
    sent = 0
    for scheme, options in ways:
        secure = options or scheme[-1] == "s"
        for mechanism in mechanisms:
            if mechanism == "EXTERNAL" and not secure:
                continue
            what = "AUTHENTICATE" if scheme.startswith("imap") else "AUTH"
            verb = re.compile(rf"^> (?:A\d+ )?{what} {mechanism}\b", re.M)
            right = [("alice", "alice")] if mechanism == "EXTERNAL" else \
                [("alice", USERS["alice"])]
            wrong = [("bob", "alice"), ("nobody", "nobody")] if mechanism == "EXTERNAL" else \
                [("alice", WRONG), ("nobody", USERS["alice"])]
            for at_once in ([], ["--sasl-ir"]):
                for user, secret in right:
                    code, out, said = curl(server, scheme, mechanism,
                                           as_user(mechanism, user, secret), *options,
                                           *at_once)
                    check(code == 0 and verb.search(said), scheme, options, mechanism, at_once,
                          code, said[-3000:], server.log()[-2000:])
                    check(scheme == "smtp" or out.endswith(CONTENT), out)
                    sent += scheme == "smtp"
                for user, secret in wrong:
                    code, out, said = curl(server, scheme, mechanism,
                                           as_user(mechanism, user, secret), *options,
                                           *at_once)
                    check(code == 67 and not out and verb.search(said), scheme, options,
                          mechanism, at_once, code, said[-3000:])
    peers.wait_for(lambda: len(maildir(server.mail, "bob")) >= sent, "the messages")
    peers.same_messages(maildir(server.mail, "bob"), [CONTENT], copies=sent)
    for user in ("alice", "bob"):
        check(USERS[user] not in server.log(), "a password is in the log")
    server.stop()


def test_curl(folder):
    need("curl")
    features = run(["curl", "--version"])[1].lower().split()
    mechanisms = [*PASSWORD, "OAUTHBEARER", "EXTERNAL",
                  *(SCRAM[:2] if "gsasl" in features else ())]
    every_way(start(folder / "s", "--auth-in-clear"), mechanisms)
    # With a token it takes OAUTHBEARER where that is offered, whatever it is told.
    every_way(start(folder / "x", "--auth-in-clear", without=("OAUTHBEARER",)),
              ["XOAUTH2"])
    return "ok: " + ", ".join([*mechanisms, "XOAUTH2"])


def test_curl_choice(folder):
    """curl's own choice among what is offered, SASL or not."""
    need("curl")
    server = start(folder / "s")
    (server.folder / "m").write_bytes(CONTENT)
    for scheme in ("smtp", "pop3", "imap"):
        for who in (["-u", f"alice:{USERS['alice']}"],
                    ["-u", "alice:", "--oauth2-bearer", USERS["alice"]]):
            code, _, said = curl(server, scheme, None, who, "--ssl-reqd")
            check(code == 0, scheme, who, code, said[-3000:])
    server.stop()


# ---- GNU SASL in Python's clients --------------------------------------------------------

def gsasl_imap(port, context):
    """(client, its connection, a function that authenticates and says whether it may)"""
    client = imaplib.IMAP4("localhost", port, timeout=60)
    client.starttls(context)

    def login(mechanism, step):
        try:
            return client.authenticate(mechanism, step)[0] == "OK"
        except imaplib.IMAP4.error:
            return False
    return client, client.sock, login


def gsasl_pop3(port, context):
    client = poplib.POP3("localhost", port, timeout=60)
    client.stls(context)

    def login(mechanism, step):
        try:
            reply = client._shortcmd(f"AUTH {mechanism}")
            while reply.startswith(b"+ "):
                answer = step(base64.b64decode(reply[2:]))
                reply = client._shortcmd(base64.b64encode(answer).decode())
            return reply.startswith(b"+OK")
        except poplib.error_proto:
            return False
    return client, client.sock, login


def test_bound_readers(folder):
    """SCRAM of GNU SASL's, bound to the connection, over POP3 and IMAP."""
    if gsasl.load() is None:
        raise Skip(f"{gsasl.LIBRARY} (libgsasl18) is not installed")
    server = start(folder / "s")
    keys = folder / "keys"
    for kind, version in (("tls-exporter", ssl.TLSVersion.TLSv1_3),
                          ("tls-unique", ssl.TLSVersion.TLSv1_2)):
        context = ssl.create_default_context(cafile=str(certificates().ca))
        context.minimum_version = context.maximum_version = version
        context.keylog_filename = str(keys)
        for make, port in ((gsasl_imap, server.ports["imap"]),
                           (gsasl_pop3, server.ports["pop3"])):
            for mechanism in SCRAM[2:]:
                for user, secret, meddle in (
                        ("alice", USERS["alice"], False), ("alice", WRONG, False),
                        ("nobody", USERS["alice"], False), ("alice", USERS["alice"], True)):
                    client, connection, login = make(port, context)
                    binding = (connection.get_channel_binding(kind) if kind == "tls-unique"
                               else bound.tls_exporter(keys))
                    sasl = gsasl.Sasl("client", mechanism, {user: secret}, kind,
                                      binding[::-1] if meddle else binding, user)
                    said = []

                    def step(challenge):
                        status, answer = sasl.step(base64.b64encode(challenge))
                        said.append(status)
                        return base64.b64decode(answer)
                    good = not meddle and secret != WRONG and user == "alice"
                    check(login(mechanism, step) == good, kind, make.__name__, mechanism,
                          user, secret == WRONG, meddle, said, server.log()[-1500:])
                    check((said[-1] == gsasl.OK) == good, "proof of the server's:", said)
                    sasl.end()
                    client.shutdown() if make is gsasl_imap else client.close()
    server.stop()
    return "ok: " + ", ".join(SCRAM[2:])


def test_some_in_clear(folder):
    """--auth-in-clear=LIST over IMAP: those, no LOGIN and nothing else without TLS. (SMTP
    and POP3: test_sasl_external.py.)"""
    server = start(folder / "s", "--auth-in-clear=SCRAM-SHA-256 SCRAM-SHA-1")
    client = imaplib.IMAP4("localhost", server.ports["imap"], timeout=60)
    offered = {c for c in client.capabilities if c.startswith(("AUTH=", "LOGINDISABLED"))}
    check(offered == {"AUTH=SCRAM-SHA-256", "AUTH=SCRAM-SHA-1", "LOGINDISABLED"}, offered)
    for verb, *what in (("LOGIN", "alice", '"' + USERS["alice"] + '"'),
                        ("AUTHENTICATE", "PLAIN"), ("AUTHENTICATE", "CRAM-MD5"),
                        ("AUTHENTICATE", "SCRAM-SHA-256-PLUS"), ("AUTHENTICATE", "EXTERNAL")):
        typ, said = client._simple_command(verb, *what)
        check(typ == "NO" and client.state == "NONAUTH", verb, what, typ, said)
    if gsasl.load() is not None:
        sasl = gsasl.Sasl("client", "SCRAM-SHA-256", {"alice": USERS["alice"]}, None, None,
                          "alice")
        typ, said = client.authenticate("SCRAM-SHA-256", lambda challenge: base64.b64decode(
            sasl.step(base64.b64encode(challenge))[1]))
        check(typ == "OK", typ, said)
        sasl.end()
    client.shutdown()
    server.stop()


# ---- mpop --------------------------------------------------------------------------------

def test_mpop_external(folder):
    """Its other mechanisms are in test_pop3_server.py."""
    need("mpop")
    if "external" not in run(["mpop", "--version"])[1].split():
        raise Skip("mpop was built without it")
    server = start(folder / "s")
    for user, name, wanted in (("alice", "alice", 0), ("bob", "alice", 77),
                               ("nobody", "nobody", 77)):
        box = folder / f"{user}.{name}"
        for part in ("tmp", "new", "cur"):
            (box / part).mkdir(parents=True)
        cert, key = known(name)
        config = folder / f"{user}.{name}.rc"
        config.write_text(
            f"account a\nhost localhost\nport {server.port}\ntls on\ntls_starttls on\n"
            f"tls_trust_file {certificates().ca}\ntls_cert_file {cert}\ntls_key_file {key}\n"
            f"auth external\nuser {user}\ndelivery maildir {box}\nkeep on\n"
            f"received_header off\nuidls_file {folder}/{user}.{name}.uidls\ntimeout 60\n")
        config.chmod(0o600)
        code, out, errors = run(["mpop", f"--file={config}", "-d", "a"])
        check(code == wanted and "AUTH EXTERNAL" in out + errors, user, name, code,
              (out + errors)[-3000:])
        got = [m.replace(b"\n", b"\r\n") for m in in_maildir(box)]
        check(got == ([CONTENT] if wanted == 0 else []), got)
    server.stop()


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
