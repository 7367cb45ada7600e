#!/usr/bin/env python3
"""Authentication by what TLS knows, or does not: EXTERNAL with the client's certificate, our
client (mailproto-send and mailproto-fetch, with OpenSSL and with mbedTLS) against our server
and against Dovecot, msmtp and curl into our server; ANONYMOUS against Dovecot; a server whose
certificate does not hold is shown no password; a token that was meant for another server is
no use here; what is offered without TLS.

Runs on free ports of loopback, in a temporary folder. Standard library only. Arguments:
names of tests."""
import re
import smtplib
import socket
import ssl
import sys

sys.dont_write_bytecode = True
import peers  # noqa: E402
import pop3peers  # noqa: E402
import test_sasl as sasl  # noqa: E402
from known import known  # noqa: E402
from peers import Skip, certificates, check, maildir, need, run, same_messages  # noqa: E402
from peers import wait_for  # noqa: E402
from test_sasl import (BOUND, CLIENTS, CONTENT, PASSWORD, SERVERS, TOKEN, USERS, Server,
                       lets_in, need_client, secrets_of, send, tls12)  # noqa: E402

FETCH = {name: peers.find_program("mailproto-fetch" + end, required=False)
         for name, end in (("OpenSSL", ""), ("mbedTLS", "-mbedtls"))}
FETCH = {name: path for name, path in FETCH.items() if path}


# ---- certificates of clients -------------------------------------------------------------

def shows(name, ca="ca"):
    """Our clients' options for the certificate of that user."""
    cert, key = known(name, ca)
    return ["--cert", cert, "--key", key]


def fetch(client, port, box, *options, user="alice"):
    """(exit code, all that it said, messages)."""
    code, out, errors = run([FETCH[client], "--server", f"localhost:{port}", "--user", user,
                             "--cafile", certificates().ca, "--maildir", box, "--verbose",
                             *options])
    peers.sanitizers_silent(errors)
    sasl.no_secret(out + errors)
    return code, out + errors, pop3peers.in_maildir(box)


def used(said):
    return re.findall(r"^C: AUTH ([A-Z0-9-]+)", said, re.M)


def test_external(folder):
    """Our client into our server: the user of the certificate, and no other."""
    need_client()
    ca = ("--client-ca", certificates().ca)
    for library, env in (("OpenSSL", None), ("OpenSSL", tls12(folder)), ("mbedTLS", None)):
        if library not in SERVERS:
            continue
        s = Server(folder / f"{library}.{env is None}", *ca, env=env, library=library)
        for client in CLIENTS:
            # First of what is offered; a name beside it is whom to act as.
            check(lets_in(client, s.port, "EXTERNAL", "--user", "alice", *shows("alice")) ==
                  ["EXTERNAL"])
            lets_in(client, s.port, "EXTERNAL", "--user", "", *shows("alice"))
            for user, cert in (("bob", "alice"), ("alice", "bob"), ("nobody", "nobody"),
                               ("", "nobody")):
                code, said = send(client, s.port, "--user", user, "--mechanism", "EXTERNAL",
                                  *shows(cert))
                check(code == 2 and "authentication: 535" in said and
                      "C: MAIL" not in said, user, cert, said)
            # Refused, a password may do.
            check(lets_in(client, s.port, BOUND[1], *secrets_of(folder, "bob", USERS["bob"]),
                          *shows("alice"))[:2] == ["EXTERNAL", BOUND[1]])
            # Without a certificate it is not tried.
            code, said = send(client, s.port, "--user", "alice", "--mechanism", "EXTERNAL")
            check(code == 2 and "NOT_OFFERED" in said and not used(said), said)
            lets_in(client, s.port, BOUND[1], *secrets_of(folder, "alice", USERS["alice"]))
            # One that does not hold: no connection.
            code, said = send(client, s.port, "--user", "alice", *shows("alice", "other"))
            check(code == 2 and "C: AUTH" not in said, said)
        s.got(4 * len(CLIENTS), "ESMTPSA")
        s.stop()
    # Who does not ask for certificates does not offer it.
    s = Server(folder / "unasked")
    for client in CLIENTS:
        code, said = send(client, s.port, "--user", "alice", *shows("alice"))
        check(code == 2 and "NOT_OFFERED" in said and "EXTERNAL" not in said, said)
    s.stop()
    return f"ok: {', '.join(CLIENTS)} to {', '.join(SERVERS)}"


def test_external_resumed(folder):
    """A session that is resumed knows the client still, and one without certificate does
    not become known by it."""
    s = Server(folder / "s", "--client-ca", certificates().ca)
    # TLS 1.2: the session is there after the handshake.
    for cert, code in (("alice", 235), (None, 535)):
        context = ssl.create_default_context(cafile=str(certificates().ca))
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        if cert:
            context.load_cert_chain(*known(cert))
        session = None
        for resumed in (False, True):
            with socket.create_connection(("127.0.0.1", s.port), timeout=60) as plain:
                lines = plain.makefile("rb")
                lines.readline()
                plain.sendall(b"EHLO client.test\r\n")
                while lines.readline()[3:4] == b"-":
                    pass
                plain.sendall(b"STARTTLS\r\n")
                check(lines.readline().startswith(b"220"))
                with context.wrap_socket(plain, server_hostname="localhost",
                                         session=session) as tls:
                    check(tls.session_reused == resumed, "resumed:", tls.session_reused)
                    session = tls.session
                    lines = tls.makefile("rb")
                    tls.sendall(b"EHLO client.test\r\n")
                    while lines.readline()[3:4] == b"-":
                        pass
                    tls.sendall(b"AUTH EXTERNAL =\r\n")
                    reply = lines.readline()
                    check(reply.startswith(b"%d" % code), cert, resumed, reply)
                    tls.sendall(b"QUIT\r\n")
                    lines.readline()
    s.stop()


def test_external_pop3(folder):
    if not FETCH:
        raise Skip("mailproto-fetch is not built")
    s = pop3peers.MailServer(folder / "s", "--client-ca", certificates().ca)
    s.put("alice", [CONTENT])
    for client in FETCH:
        for how, port in (("starttls", s.port), ("implicit", s.tls_port)):
            code, said, got = fetch(client, port, folder / f"{client}.{how}", "--tls", how,
                                    *shows("alice"))
            check(code == 0 and used(said) == ["EXTERNAL"] and got == [CONTENT], said)
            code, said, got = fetch(client, port, folder / f"{client}.{how}.bob", "--tls",
                                    how, *shows("bob"))
            check(code == 2 and used(said) == ["EXTERNAL"] and not got, said)
    s.stop()
    return f"ok: {', '.join(FETCH)}"


def test_external_msmtp(folder):
    need("msmtp")
    if "external" not in run(["msmtp", "--version"])[1].split():
        raise Skip("msmtp was built without it")
    s = Server(folder / "s", "--client-ca", certificates().ca)

    def msmtp(user, cert):
        pem, key = known(cert)
        return run(["msmtp", "--file=/dev/null", "--host=localhost", f"--port={s.port}",
                    "--domain=client.test", "-f", "alice@src.test", "--timeout=60",
                    "--auth=external", f"--user={user}", "--tls=on", "--tls-starttls=on",
                    f"--tls-trust-file={certificates().ca}", f"--tls-cert-file={pem}",
                    f"--tls-key-file={key}", "bob@mail.test"], CONTENT)

    code, out, errors = msmtp("alice", "alice")
    check(code == 0, out, errors, s.log()[-2000:])
    s.got(1, "ESMTPSA")
    for user, cert in (("bob", "alice"), ("nobody", "nobody")):
        code, out, errors = msmtp(user, cert)
        check(code != 0 and "535" in out + errors, user, cert, out, errors)
    check(set(re.findall(r"C: AUTH (\S+)", s.log())) == {"EXTERNAL"}, s.log()[-2000:])
    s.stop()


# ---- Dovecot -----------------------------------------------------------------------------

# Who has shown a certificate that holds needs no password; guests are `anonymous`.
MORE = """
auth_mechanisms = {mechanisms} external anonymous
ssl_ca = <{ca}
ssl_require_crl = no
ssl_verify_client_cert = yes
auth_ssl_username_from_cert = yes
auth_anonymous_username = anonymous
passdb {{
  driver = static
  mechanisms = external
  args = nopassword=y
}}
"""


def more():
    return MORE.format(mechanisms="plain login scram-sha-256", ca=certificates().ca)


def test_external_dovecot(folder):
    """Its submission and POP3 services."""
    need_client()
    behind = Server(folder / "behind", auth=None)
    smtp = sasl.Dovecot(folder / "smtp", behind.port, more())
    pop3 = pop3peers.Dovecot(folder / "pop3", more=more())
    pop3.put("alice", [CONTENT])
    for client in CLIENTS:
        check(lets_in(client, smtp.port, "EXTERNAL", "--user", "alice", *shows("alice")) ==
              ["EXTERNAL"])
        code, said = send(client, smtp.port, "--user", "bob", "--mechanism", "EXTERNAL",
                          *shows("alice"))
        check(code == 2 and "authentication: 535" in said and "C: MAIL" not in said, said)
    for client in FETCH:
        code, said, got = fetch(client, pop3.port, folder / client, *shows("alice"))
        check(code == 0 and used(said) == ["EXTERNAL"] and got == [CONTENT], said)
        code, said, got = fetch(client, pop3.port, folder / f"{client}.bob",
                                "--mechanism", "EXTERNAL", *shows("bob"))
        check(code == 2 and not got, said)
    wait_for(lambda: len(maildir(behind.mail, "bob")) == len(CLIENTS), "the messages")
    same_messages(maildir(behind.mail, "bob"), [CONTENT], copies=len(CLIENTS))
    return f"ok: {', '.join(CLIENTS)}"


def test_anonymous_dovecot(folder):
    """Its POP3 service; submission takes no guests."""
    if not FETCH:
        raise Skip("mailproto-fetch is not built")
    pop3 = pop3peers.Dovecot(folder / "pop3", more=more())
    pop3.put("anonymous", [CONTENT])
    for client in FETCH:
        code, said, got = fetch(client, pop3.port, folder / client, "--mechanism",
                                "ANONYMOUS", user="a guest")
        check(code == 0 and used(said) == ["ANONYMOUS"] and got == [CONTENT], said)
        # Unasked, nobody goes as a guest: not even when the password is wrong.
        code, said, got = fetch(client, pop3.port, folder / f"{client}.unasked",
                                "--password-file", sasl.secret_file(folder, sasl.WRONG))
        check(code == 2 and used(said) and "ANONYMOUS" not in used(said) and not got, said)
    return f"ok: {', '.join(FETCH)}"


# ---- a server whose certificate does not hold --------------------------------------------

def test_unverified(folder):
    """It is shown a password or a token only by --insecure; without --any-certificate there
    is no connection at all."""
    need_client()
    own = certificates().other_ca, certificates().folder / "other.key"
    secret = secrets_of(folder, "alice", USERS["alice"])
    token = secrets_of(folder, "alice", None, USERS["alice"])
    shown = Server(folder / "shown", "--mechanisms", "PLAIN LOGIN OAUTHBEARER XOAUTH2",
                   cert=own[0], key=own[1])
    every = Server(folder / "every", "--mechanisms", " ".join([*PASSWORD, *TOKEN, *BOUND]),
                   cert=own[0], key=own[1])
    for client in CLIENTS:
        for mechanism in ("PLAIN", "LOGIN", *TOKEN):
            login = ["--mechanism", mechanism, *(token if mechanism in TOKEN else secret)]
            code, said = send(client, shown.port, *login)
            check(code == 2 and "TLS: certificate" in said and not used(said), said)
            code, said = send(client, shown.port, "--any-certificate", *login)
            check(code == 2 and "ERR_NEEDS_TLS" in said and not used(said),
                  mechanism, said)
            lets_in(client, shown.port, mechanism, "--insecure", *login)
        # What proves the password without showing it may be had; then no other follows.
        check(lets_in(client, every.port, BOUND[1], "--any-certificate", *secret) ==
              [BOUND[1]])
        lets_in(client, every.port, "SCRAM-SHA-256", "--any-certificate", "--mechanism",
                "SCRAM-SHA-256", *secret)
        code, said = send(client, every.port, "--any-certificate", "--mechanism",
                          "SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN",
                          *secrets_of(folder, "alice", sasl.WRONG))
        check(code == 2 and used(said) == ["SCRAM-SHA-256"], said)
        # CRAM-MD5 would let such a server guess it at leisure.
        code, said = send(client, every.port, "--any-certificate", "--mechanism",
                          "CRAM-MD5 PLAIN LOGIN", *secret)
        check(code == 2 and "ERR_NEEDS_TLS" in said and not used(said), said)
        lets_in(client, every.port, "CRAM-MD5", "--insecure", "--mechanism", "CRAM-MD5",
                *secret)
    shown.got(4 * len(CLIENTS), "ESMTPSA")
    every.got(3 * len(CLIENTS), "ESMTPSA")
    shown.stop()
    every.stop()
    return f"ok: {', '.join(CLIENTS)}"


def test_unverified_pop3(folder):
    """PASS shows the password as PLAIN does; APOP lets it be guessed, as CRAM-MD5 does."""
    if not FETCH:
        raise Skip("mailproto-fetch is not built")
    own = ("--cert", certificates().other_ca, "--key", certificates().folder / "other.key")
    login = ["--password-file", sasl.secret_file(folder, USERS["alice"])]
    # One that offers PLAIN, and one with USER and PASS alone, for such a client.
    plain = pop3peers.MailServer(folder / "plain", "--mechanisms", "PLAIN", *own)
    user = pop3peers.MailServer(folder / "user", "--mechanisms", "EXTERNAL", "--client-ca",
                                certificates().ca, *own)
    for server, shown in ((plain, "C: AUTH PLAIN"), (user, "C: PASS")):
        server.put("alice", [CONTENT])
        for client in FETCH:
            box = folder / f"{client}.{shown[-5:]}"
            code, said, got = fetch(client, server.port, box, *login)
            check(code == 2 and "TLS: certificate" in said and not got, said)
            code, said, got = fetch(client, server.port, box, "--any-certificate", *login)
            check(code == 2 and "ERR_NEEDS_TLS" in said and not got, said)
            check("C: AUTH" not in said and "C: USER" not in said, said)
            code, said, got = fetch(client, server.port, box, "--insecure", *login)
            check(code == 0 and shown in said and got == [CONTENT], said)
        server.stop()
    # From the greeting on in TLS, and without it.
    server = pop3peers.MailServer(folder / "apop", "--apop", *own)
    server.put("alice", [CONTENT])
    for client in FETCH:
        for port, *how in ((server.tls_port, "--tls", "implicit", "--any-certificate"),
                           (server.port, "--tls", "none")):
            box = folder / f"{client}.{how[1]}"
            code, said, got = fetch(client, port, box, *how, "--apop", *login)
            check(code == 2 and "ERR_NEEDS_TLS" in said and "C: APOP" not in said and
                  not got, said)
            code, said, got = fetch(client, port, box, *how, "--insecure", "--apop", *login)
            check(code == 0 and "C: APOP" in said and got == [CONTENT], said)
    server.stop()
    return f"ok: {', '.join(FETCH)}"


# ---- tokens ------------------------------------------------------------------------------

def test_token_for_another(folder):
    """RFC 7628 3.2: with OAUTHBEARER the client says whom it meant."""
    s = Server(folder / "s", "--mechanisms", "OAUTHBEARER XOAUTH2", "--alias",
               "mail.alias.test")
    context = ssl.create_default_context(cafile=str(certificates().ca))
    token = USERS["alice"]

    def login(fields):
        with smtplib.SMTP("localhost", s.port, "client.test", 60) as c:
            c.starttls(context=context)
            c.ehlo()
            message = "n,a=alice,\1" + "".join(f"{f}\1" for f in fields) + "\1"
            code, _ = c.docmd("AUTH", "OAUTHBEARER " + sasl.base64.b64encode(
                message.encode()).decode())
            if code == 334:  # the error as JSON
                code, _ = c.docmd("AQ==")
            return code

    good = f"auth=Bearer {token}"
    for fields, code in (
            ([good], 235), (["host=mx.mail.test", good], 235), (["host=localhost", good], 235),
            (["host=MAIL.alias.test", f"port={s.port}", good], 235),
            (["host=mx.mail.test", f"port={s.port}", good], 235),
            (["host=elsewhere.test", good], 535), (["host=mx.mail.test.", good], 535),
            (["host=mx.mail.test", f"port={s.port + 1}", good], 535),
            (["host=elsewhere.test", f"port={s.port}", good], 535),
            (["host=mx.mail.test", good + "x"], 535)):
        check(login(fields) == code, fields[:-1], "not", code, s.log()[-1500:])
    s.stop()


# ---- without TLS -------------------------------------------------------------------------

def test_some_in_clear(folder):
    """--auth-in-clear=LIST: those, and nothing else without TLS; all of them with it."""
    need_client()
    s = Server(folder / "s", "--auth-in-clear=SCRAM-SHA-256 CRAM-MD5")
    login = secrets_of(folder, "alice", USERS["alice"])
    clear = ("--tls", "none", "--insecure")
    for client in CLIENTS:
        check(lets_in(client, s.port, "SCRAM-SHA-256", *clear, *login) == ["SCRAM-SHA-256"])
        lets_in(client, s.port, "CRAM-MD5", *clear, "--mechanism", "CRAM-MD5", *login)
        code, said = send(client, s.port, *clear, "--mechanism", "PLAIN", *login)
        check(code == 2 and "NOT_OFFERED" in said and not used(said), said)
        check("S: 250 AUTH SCRAM-SHA-256 CRAM-MD5\n" in said or
              "S: 250-AUTH SCRAM-SHA-256 CRAM-MD5\n" in said, said)
        lets_in(client, s.port, "PLAIN", "--mechanism", "PLAIN", *login)
        lets_in(client, s.port, BOUND[1], *login)
    with smtplib.SMTP("localhost", s.port, "client.test", 60) as c:
        c.ehlo()
        for mechanism in ("PLAIN", "SCRAM-SHA-256-PLUS", "EXTERNAL", "NOBODY"):
            code, text = c.docmd("AUTH", mechanism)
            check(code in (504, 538), mechanism, code, text)
    s.got(2 * len(CLIENTS), "ESMTPA", "ESMTPSA")
    s.stop()
    # Over POP3: no USER, no PASS.
    s = pop3peers.MailServer(folder / "pop3", "--auth-in-clear=SCRAM-SHA-256")
    s.put("alice", [CONTENT])
    password = ["--password-file", sasl.secret_file(folder, USERS["alice"])]
    for client in FETCH:
        code, said, got = fetch(client, s.port, folder / client, *clear, *password)
        check(code == 0 and used(said) == ["SCRAM-SHA-256"] and got == [CONTENT], said)
        check("S: USER" not in said and "S: SASL SCRAM-SHA-256\n" in said, said)
    s.stop()
    # A list of what the server does not have at all.
    for options in (("--mechanisms", "PLAIN", "--auth-in-clear=SCRAM-SHA-256"),
                    ("--auth-in-clear=EXTERNAL",)):
        code, out, errors = run([sasl.SERVER, "--listen", "127.0.0.1:0", "--name", "x.test",
                                 "--queue", folder / "q", "--users", folder / "s" / "users",
                                 *options])
        check(code == 1 and "no such mechanism" in errors, code, errors)
    return f"ok: {', '.join(CLIENTS)}"


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
