#!/usr/bin/env python3
"""Other people's clients into the server (mailproto-mailserver): swaks, curl, msmtp,
Python's smtplib, Postfix's smtp-source and Postfix itself. What they send is in the Maildir
octet for octet, and the Received field says how it came.

Runs on free ports of loopback, in a temporary folder. Standard library only. Arguments:
names of tests."""
import email
import email.policy
import glob
import os
import re
import shlex
import smtplib
import ssl
import sys

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import (Failure, Postfix, Process, Skip, certificates, check, corpus, maildir,
                   message, need, own_messages, run, same_messages, wait_for)  # noqa: E402

PROGRAM = peers.find_program("mailproto-mailserver")
USERS = {"alice": "wonderland", "bob": "a pass, w\u00f6rd"}


class Server:
    """mailproto-mailserver for mail.test, which relays out.test to nowhere for those who
    are authenticated. tls: it offers STARTTLS; auth: AUTH (None: no users)."""

    def __init__(self, folder, *options, tls=False, auth=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.mail = folder / "mail"
        arguments = [PROGRAM, "--name", "mx.mail.test", "--listen", "127.0.0.1:0", "--queue",
                     folder / "queue", "--local-domain", "mail.test", "--maildir-root",
                     self.mail, "--verbose", *options]
        if tls:
            arguments += ["--cert", certificates().cert, "--key", certificates().key]
        if auth:
            users = folder / "users"
            users.write_text("".join(f"{n}:{p}\n" for n, p in USERS.items()),
                             encoding="utf-8")
            arguments += ["--users", users, "--route", "out.test=127.0.0.1:9"]
            if auth == "clear":
                arguments.append("--auth-in-clear")
        self.process = Process(arguments, folder / "log")
        self.port = int(wait_for(self._ready, "the server to start").group(1))
        self.counts = {}

    def _ready(self):
        check(self.process.alive(), "the server ended:", self.log())
        return re.search(r"ready on \S+:(\d+)\n", self.log())

    def log(self):
        return self.process.log()

    def got(self, user, sent, protocol, copies=1):
        """What came for a user since it was last asked: `sent`, by that protocol."""
        before = self.counts.get(user, 0)
        count = before + len(sent) * copies
        wait_for(lambda: len(maildir(self.mail, user)) >= count,
                 f"{len(sent)} messages for {user}")
        folder = self.mail / user / "Maildir" / "new"
        paths = sorted(glob.glob(f"{glob.escape(str(folder))}/*"), key=_age)
        stored = [open(p, "rb").read() for p in paths][before:]
        self.counts[user] = before + len(stored)
        tops = same_messages(stored, sent, copies)
        for fields in tops:
            received = [f for f in fields if f.startswith("Received:")]
            check(f"by mx.mail.test with {protocol} id " in received[0], "not", protocol,
                  received)
        return tops

    def none(self, user):
        check(not maildir(self.mail, user), "mail for", user)

    def stop(self):
        check(self.process.stop(60) == 0, "the server ended with an error", self.log()[-3000:])
        peers.sanitizers_silent(self.log())


def _age(path):
    return os.stat(path).st_mtime_ns


def stopped(*servers):
    for s in servers:
        s.stop()


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def ok(arguments, **options):
    code, out, errors = run(arguments, **options)
    check(code == 0, shlex.join(str(a) for a in arguments), "ended with", code, out[-3000:],
          errors[-3000:])
    return out + errors


def fails(arguments, text, **options):
    code, out, errors = run(arguments, **options)
    check(code != 0, shlex.join(str(a) for a in arguments), "went well:", out[-3000:])
    check(text in out + errors, "not said:", text, out[-3000:], errors[-3000:])
    return out + errors


# ---- swaks -------------------------------------------------------------------------------

def swaks(port, *options, to="bob@mail.test"):
    return ["swaks", "-s", f"127.0.0.1:{port}", "-f", "alice@src.test", "-t", to, "--ehlo",
            "client.test", "-n", *options]


def swaks_data(folder, name, content):
    """Told to leave content alone, swaks adds nothing but the last CRLF."""
    stuffed = re.sub(rb"(?m)^\.", b"..", content) + b"."
    return ["--no-data-fixup", "--data", f"@{write(folder, name, stuffed)}"]


def test_swaks(folder):
    need("swaks")
    s = Server(folder / "s")
    own = own_messages()
    for name, content in own.items():
        data = swaks_data(folder, name, content)
        ok(swaks(s.port, *data))
        ok(swaks(s.port, *data, "--pipeline"))
    s.got("bob", list(own.values()), "ESMTP", copies=2)
    ok(swaks(s.port, "--protocol", "SMTP", *swaks_data(folder, "helo", message("helo"))))
    s.got("bob", [message("helo")], "SMTP")
    # A body of swaks' own making, with dots that it stuffs.
    ok(swaks(s.port, "--pipeline", "--body", ".\n..\nlast", "--h-Subject", "own"))
    stored = wait_for(lambda: [m for m in maildir(s.mail, "bob") if b"Subject: own" in m],
                      "the message")[0]
    check(b"\r\n\r\n.\r\n..\r\nlast\r\n" in stored, stored)
    many = ",".join(f"u{i}@mail.test" for i in range(60))
    ok(swaks(s.port, "--pipeline", *swaks_data(folder, "many", message("many")), to=many))
    for i in range(60):
        s.got(f"u{i}", [message("many")], "ESMTP")
    s.stop()


def test_swaks_refused(folder):
    need("swaks")
    s = Server(folder / "s", "--mailbox", "bob")
    data = swaks_data(folder, "one", message())
    for how in ((), ("--pipeline",)):
        fails(swaks(s.port, *data, *how, to="nobody@mail.test"), "550 5.1.1")
        fails(swaks(s.port, *data, *how, to="x@elsewhere.test"), "550 5.7.1")
        ok(swaks(s.port, *data, *how, to="nobody@mail.test,bob@mail.test,x@out.test"))
    s.got("bob", [message()], "ESMTP", copies=2)
    for stage in ("CONNECT", "HELO", "MAIL", "RCPT"):
        ok(swaks(s.port, "--quit-after", stage))
        ok(swaks(s.port, "--drop-after", stage))
    fails(swaks(s.port, "--tls"), "STARTTLS")
    fails(swaks(s.port, "--auth", "PLAIN", "-au", "alice", "-ap", "x"),
          "did not advertise authentication")
    s.stop()


def test_swaks_tls_auth(folder):
    need("swaks")
    code, out, _ = run(["swaks", "--support"])
    if "TLS not available" in out or code != 0:
        raise Skip("swaks has no TLS here (libnet-ssleay-perl)")
    s, clear = Server(folder / "s", tls=True, auth="tls"), Server(folder / "c", auth="clear")
    own = own_messages()
    for name, content in own.items():
        ok(swaks(s.port, "--tls", *swaks_data(folder, name, content)))
        ok(swaks(s.port, "--tls", "--pipeline", *swaks_data(folder, name, content)))
    s.got("bob", list(own.values()), "ESMTPS", copies=2)
    data = swaks_data(folder, "one", own["dots"])
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        for user, password in USERS.items():
            login = ["--auth", mechanism, "-au", user, "-ap", password]
            for how in ((), ("--pipeline",)):
                ok(swaks(s.port, "--tls", *data, *login, *how))
                s.got("bob", [own["dots"]], "ESMTPSA")
                ok(swaks(clear.port, *data, *login, *how))
                clear.got("bob", [own["dots"]], "ESMTPA")
        ok(swaks(s.port, "--tls", *data, *login, to="x@out.test"))
        wrong = ["--auth", mechanism, "-au", "alice", "-ap", "looking-glass"]
        fails(swaks(s.port, "--tls", *data, *wrong), "535 5.7.8")
        # Not without TLS.
        fails(swaks(s.port, *data, *login), "did not advertise authentication")
    s.none("x")
    stopped(s, clear)


# ---- curl --------------------------------------------------------------------------------

def curl(port, path, *options, to=("bob@mail.test",)):
    recipients = [x for address in to for x in ("--mail-rcpt", address)]
    return ["curl", "-sS", "-v", f"smtp://127.0.0.1:{port}/client.test", "--mail-from",
            "alice@src.test", *recipients, "-T", path, "--max-time", "20", *options]


def test_curl(folder):
    need("curl")
    s = Server(folder / "s")
    own = own_messages()
    for name, content in own.items():
        ok(curl(s.port, write(folder, name, content)))
    s.got("bob", list(own.values()), "ESMTP")
    to = [f"u{i}@mail.test" for i in range(40)]
    ok(curl(s.port, folder / "dots", to=to))
    for address in to:
        s.got(address.split("@")[0], [own["dots"]], "ESMTP")
    fails(curl(s.port, folder / "dots", to=["x@elsewhere.test"]), "550 5.7.1")
    ok(curl(s.port, folder / "dots", "--mail-rcpt-allowfails",
            to=["x@elsewhere.test", "bob@mail.test"]))
    s.got("bob", [own["dots"]], "ESMTP")
    fails(curl(s.port, folder / "dots", "--ssl-reqd"), "STARTTLS")
    # SMTPUTF8 in the address makes curl ask for it.
    ok(curl(s.port, folder / "8-bit", to=["j\u00f6rg@mail.test"]), env={"LC_ALL": "C.UTF-8"})
    s.got("j\u00f6rg", [own["8-bit"]], "UTF8SMTP")
    # Verbs that are no transaction.
    url = f"smtp://127.0.0.1:{s.port}/client.test"
    ok(["curl", "-sS", url, "-X", "NOOP", "--max-time", "20"])
    ok(["curl", "-sS", url, "-X", "HELP", "--max-time", "20"])
    ok(["curl", "-sS", url, "--mail-rcpt", "bob@mail.test", "--max-time", "20"])  # VRFY
    s.stop()


def test_curl_tls_auth(folder):
    need("curl")
    s, clear = Server(folder / "s", tls=True, auth="tls"), Server(folder / "c", auth="clear")
    secure = ["--ssl-reqd", "--cacert", certificates().ca]
    own = own_messages()
    for name, content in own.items():
        ok(curl(s.port, write(folder, name, content), *secure))
    s.got("bob", list(own.values()), "ESMTPS")
    one = folder / "dots"
    for version in ("--tlsv1.3", "--tls-max 1.2"):
        ok(curl(s.port, one, *secure, *version.split()))
        s.got("bob", [own["dots"]], "ESMTPS")
    fails(curl(s.port, one, "--ssl-reqd", "--cacert", certificates().other_ca),
          "certificate")
    for mechanism in ("PLAIN", "LOGIN"):
        for user, password in USERS.items():
            login = ["-u", f"{user}:{password}", "--login-options", f"AUTH={mechanism}"]
            for how in ((), ("--sasl-ir",)):
                env = {"LC_ALL": "C.UTF-8"}
                ok(curl(s.port, one, *secure, *login, *how), env=env)
                s.got("bob", [own["dots"]], "ESMTPSA")
                ok(curl(clear.port, one, *login, *how), env=env)
                clear.got("bob", [own["dots"]], "ESMTPA")
        login[1] = "alice:looking-glass"
        for how in ((), ("--sasl-ir",)):
            fails(curl(s.port, one, *secure, *login, *how), "535 5.7.8")
    stopped(s, clear)


# ---- msmtp -------------------------------------------------------------------------------

def msmtp(port, *options, to=("bob@mail.test",)):
    return ["msmtp", "--file=/dev/null", "--host=127.0.0.1", f"--port={port}",
            "--domain=client.test", "-f", "alice@src.test", "--timeout=60", *options, "--",
            *to]


def test_msmtp(folder):
    need("msmtp")
    s, clear = Server(folder / "s", tls=True, auth="tls"), Server(folder / "c", auth="clear")
    own = own_messages()
    tls = ["--tls=on", "--tls-starttls=on", f"--tls-trust-file={certificates().ca}"]
    for content in own.values():
        ok(msmtp(s.port, "--tls=off"), data=content)
        ok(msmtp(s.port, *tls), data=content)
    stored = wait_for(lambda: len(maildir(s.mail, "bob")) == 2 * len(own) and
                      maildir(s.mail, "bob"), "the messages")
    same_messages(stored, list(own.values()), copies=2)
    s.counts["bob"] = len(stored)
    check(len([m for m in stored if b" with ESMTPS id " in m]) == len(own), "STARTTLS")
    one = own["dots"]
    for mechanism in ("plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"):
        for user, password in USERS.items():
            login = [f"--auth={mechanism}", f"--user={user}",
                     f"--passwordeval=echo {shlex.quote(password)}"]
            ok(msmtp(s.port, *tls, *login), data=one)
            s.got("bob", [one], "ESMTPSA")
            ok(msmtp(clear.port, "--tls=off", *login), data=one)
            clear.got("bob", [one], "ESMTPA")
        login[2] = "--passwordeval=echo looking-glass"
        fails(msmtp(s.port, *tls, *login), "535 5.7.8", data=one)
    fails(msmtp(s.port, "--tls=off", to=["x@elsewhere.test"]), "550 5.7.1", data=one)
    tls[2] = f"--tls-trust-file={certificates().other_ca}"
    fails(msmtp(s.port, *tls), "certificate", data=one)
    said = ok(["msmtp", "--file=/dev/null", "--host=127.0.0.1", f"--port={s.port}",
               "--tls=off", "--serverinfo"])
    for capability in ("SIZE", "PIPELINING", "STARTTLS"):
        check(capability in said, capability, said)
    stopped(s, clear)


# ---- smtplib -----------------------------------------------------------------------------

def client(server):
    return smtplib.SMTP("127.0.0.1", server.port, local_hostname="client.test", timeout=60)


def trusting():
    return ssl.create_default_context(cafile=str(certificates().ca))


def test_smtplib(folder):
    s = Server(folder / "s")
    own = own_messages()
    with client(s) as c:
        for content in own.values():
            options = ["BODY=8BITMIME"] if max(content) > 127 else []
            check(c.sendmail("alice@src.test", ["bob@mail.test"], content, options) == {})
        s.got("bob", list(own.values()), "ESMTP")
        for capability in ("size", "8bitmime", "smtputf8", "pipelining",
                           "enhancedstatuscodes"):
            check(c.has_extn(capability), capability, c.esmtp_features)
        check(not c.has_extn("starttls") and not c.has_extn("auth"), c.esmtp_features)
        check(int(c.esmtp_features["size"]) > 1000000, c.esmtp_features)
    with client(s) as c:  # HELO
        c.helo("client.test")
        c.does_esmtp = False
        c.sendmail("alice@src.test", ["bob@mail.test"], own["dots"])
        s.got("bob", [own["dots"]], "SMTP")
        c.ehlo()
        c.sendmail("", ["bob@mail.test"], own["dots"])
        top = s.got("bob", [own["dots"]], "ESMTP")
        check("Return-Path: <>" in top[0], top)
    with client(s) as c:
        policy = email.policy.SMTPUTF8
        parsed = email.message_from_bytes(own["8-bit"], policy=policy)
        parsed["Subject-Two"] = "\u65e5\u672c\u8a9e"
        c.send_message(parsed, "\u00e5sa@src.test", ["j\u00f6rg@mail.test", "bob@mail.test"])
        for user in ("j\u00f6rg", "bob"):
            s.got(user, [parsed.as_bytes(policy=policy)], "UTF8SMTP")
    s.stop()


def test_smtplib_verbs(folder):
    """Everything else that a client may say, in and out of order."""
    s = Server(folder / "s", "--mailbox", "bob", "--mailbox", "u0", "--max-size", "200000")
    content = message()
    with client(s) as c:
        check(c.docmd("MAIL", "FROM:<a@src.test>")[0] == 503, "MAIL before EHLO")
        check(c.noop()[0] == 250 and c.rset()[0] == 250 and c.help(), "before EHLO")
        check(c.ehlo()[0] == 250)
        check(c.vrfy("bob@mail.test")[0] in (250, 252), "VRFY")
        check(c.expn("list")[0] in (502, 252, 550), "EXPN")
        check(c.docmd("XYZZY")[0] == 500, "an unknown verb")
        check(c.docmd("RCPT", "TO:<bob@mail.test>")[0] == 503)
        check(c.docmd("DATA")[0] == 503)
        check(c.docmd("MAIL", "FROM:<a@src.test> NEW=1")[0] == 555)
        check(c.docmd("MAIL", "FROM:a b@src.test")[0] == 501)
        check(c.docmd("MAIL", "FROM:<a@src.test> SIZE=99999999")[0] == 552)
        check(c.mail("a@src.test")[0] == 250)
        check(c.mail("a@src.test")[0] == 503, "MAIL twice")
        check(c.rcpt("nobody@mail.test")[0] == 550)
        check(c.docmd("DATA")[0] in (503, 554), "DATA without a recipient")
        check(c.rset()[0] == 250 and c.rcpt("bob@mail.test")[0] == 503, "RSET")
        refused = c.sendmail("a@src.test", ["bob@mail.test", "nobody@mail.test",
                                            "x@out.test", "u0@mail.test"], content)
        check({a: r[0] for a, r in refused.items()} ==
              {"nobody@mail.test": 550, "x@out.test": 550}, refused)
        for user in ("bob", "u0"):
            s.got(user, [content], "ESMTP")
        try:
            c.sendmail("a@src.test", ["nobody@mail.test"], content)
            raise Failure("all refused, and yet it went well")
        except smtplib.SMTPRecipientsRefused as e:
            check(e.recipients["nobody@mail.test"][1].startswith(b"5.1.1"), e)
        # Too large, undeclared: refused at its end, and the session goes on.
        del c.esmtp_features["size"]
        try:
            c.sendmail("a@src.test", ["bob@mail.test"], content + b"x" * 70 + b"\r\n" +
                       (b"y" * 70 + b"\r\n") * 5000)
            raise Failure("too large, and yet it went well")
        except smtplib.SMTPDataError as e:
            check(e.smtp_code == 552, e)
        # Bare line feeds: refused at the true end, and nothing of it is a command.
        c.mail("a@src.test")
        c.rcpt("bob@mail.test")
        check(c.docmd("DATA")[0] == 354)
        c.send(content + b"a\n.\nMAIL FROM:<evil@x.test>\r\n\n.\r\nRSET\r\n.\r\n")
        code, text = c.getreply()
        check(500 <= code < 600, code, text)
        check(c.noop()[0] == 250, "the conversation is out of step")
        c.sendmail("a@src.test", ["bob@mail.test"], content)
        s.got("bob", [content], "ESMTP")
        check(c.docmd("QUIT")[0] == 221)
    s.stop()


def test_smtplib_tls_auth(folder):
    s, clear = Server(folder / "s", tls=True, auth="tls"), Server(folder / "c", auth="clear")
    own = own_messages()
    with client(s) as c:
        c.ehlo()
        check(c.has_extn("starttls") and not c.has_extn("auth"), c.esmtp_features)
        check(c.docmd("AUTH", "PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=")[0] in (503, 504, 538, 530),
              "AUTH in the clear")
        check(c.starttls(context=trusting())[0] == 220)
        check(c.docmd("MAIL", "FROM:<a@src.test>")[0] == 503, "EHLO anew (RFC 3207 4.2)")
        c.ehlo()
        check(not c.has_extn("starttls") and c.has_extn("auth"), c.esmtp_features)
        check(c.docmd("STARTTLS")[0] == 503, "STARTTLS twice")
        check(c.docmd("AUTH", "LOGIN")[0] == 334 and c.docmd("*")[0] == 501, "cancelled")
        check(c.docmd("AUTH", "PLAIN")[0] == 334 and c.docmd("!!")[0] == 501, "not base64")
        check(c.docmd("AUTH", "UNHEARD-OF")[0] == 504)
        check(c.login("alice", USERS["alice"])[0] == 235)
        check(c.docmd("AUTH", "PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=")[0] == 503, "AUTH twice")
        for content in own.values():
            c.sendmail("alice@src.test", ["bob@mail.test"], content)
        check(c.sendmail("alice@src.test", ["x@out.test"], own["plain"]) == {}, "relaying")
    s.got("bob", list(own.values()), "ESMTPSA")
    with client(s) as c:
        c.starttls(context=trusting())
        try:
            c.login("alice", "looking-glass")
            raise Failure("a wrong password went well")
        except smtplib.SMTPAuthenticationError as e:
            check(e.smtp_code == 535 and e.smtp_error.startswith(b"5.7.8"), e)
        check(c.docmd("MAIL", "FROM:<a@src.test>")[0] == 250, "the session goes on")
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        for initial in (True, False):
            for server, protocol in ((s, "ESMTPSA"), (clear, "ESMTPA")):
                with client(server) as c:
                    c.ehlo()
                    if server is s:
                        c.starttls(context=trusting())
                        c.ehlo()
                    check(mechanism in c.esmtp_features["auth"].split(), c.esmtp_features)
                    c.user, c.password = "alice", USERS["alice"]
                    call = getattr(c, "auth_" + mechanism.lower().replace("-", "_"))
                    check(c.auth(mechanism, call, initial_response_ok=initial)[0] == 235)
                    c.sendmail("alice@src.test", ["bob@mail.test"], own["dots"])
                server.got("bob", [own["dots"]], protocol)
    stopped(s, clear)


def test_real_messages(folder):
    messages = corpus(400)
    if not messages:
        raise peers.NoData("no folder of real messages (MAILPROTO_DATA)")
    s = Server(folder / "s", tls=True)
    with client(s) as c:
        c.starttls(context=trusting())
        for content in messages:
            c.sendmail("alice@src.test", ["bob@mail.test"], content)
    s.got("bob", messages, "ESMTPS")
    s.stop()
    return f"ok: {len(messages)} messages, {sum(map(len, messages))} octets"


# ---- smtp-source -------------------------------------------------------------------------

def test_smtp_source(folder):
    """A hundred messages from ten clients at a time, in one connection each and in many."""
    need("smtp-source")
    s = Server(folder / "s")
    text = "A line\n.\n..\n.dot\n" + "".join(f"{i} " + "z" * (i % 72) + "\n"
                                             for i in range(300))
    content = message(text[:-1])
    path = write(folder, "content", content.replace(b"\r\n", b"\n"))
    base = ["smtp-source", "-s", "10", "-m", "100", "-f", "alice@src.test", "-M",
            "client.test"]
    for options in (["-d"], []):
        ok([*base, *options, "-F", path, "-t", "bob@mail.test", f"127.0.0.1:{s.port}"])
        # It puts an empty line of its own before the final dot.
        s.got("bob", [content + b"\r\n"], "SMTP", copies=100)
    # Its own content, several recipients each.
    ok([*base, "-d", "-l", "20000", "-r", "5", "-t", "u@mail.test", f"127.0.0.1:{s.port}"])
    for user in ("u", "2u", "3u", "4u", "5u"):
        stored = wait_for(lambda u=user: len(maildir(s.mail, u)) == 100 and
                          maildir(s.mail, u), "a hundred messages")
        bodies = {m.split(b"\r\n\r\n", 1)[1] for m in stored}
        check(len(bodies) == 1 and 20000 <= len(bodies.pop()) < 21000, user)
    s.stop()


# ---- Postfix -----------------------------------------------------------------------------

def test_postfix(folder):
    """Postfix relays: in the clear, with STARTTLS, with AUTH, several messages in a
    connection."""
    need("postfix")
    tls = {"smtp_tls_security_level": "secure", "smtp_tls_CAfile": certificates().ca,
           "smtp_tls_secure_cert_match": "localhost"}
    login = {"smtp_sasl_auth_enable": "yes", "smtp_sasl_security_options": "noanonymous",
             "smtp_sasl_password_maps": "static:alice:wonderland"}
    cases = {"plain": ("ESMTP", {}, {}), "tls": ("ESMTPS", tls, {"tls": True})}
    if glob.glob("/usr/lib/*/sasl2/libplain.so*"):
        cases["auth"] = ("ESMTPA", login, {"auth": "clear"})
        cases["tls-auth"] = ("ESMTPSA", {**tls, **login}, {"tls": True, "auth": "tls"})
    else:
        print("postfix with AUTH: skipped, libsasl2-modules is not installed")
    servers = {name: Server(folder / name, "--local-domain", f"{name}.test", **options)
               for name, (_, _, options) in cases.items()}
    postfix = Postfix(
        folder / "postfix", {"plain": {}},
        transports={f"to-{name}": options for name, (_, options, _) in cases.items()},
        routes={f"{n}.test": f"to-{n}:[127.0.0.1]:{s.port}" for n, s in servers.items()},
        more="relay_domains = " + " ".join(f"{name}.test" for name in cases))
    real = corpus(60, strict=True)
    try:
        for name, server in servers.items():
            relayed(postfix, name, server, cases[name][0],
                    [*own_messages().values(), *(real if name == "plain" else [])])
        wait_for(lambda: postfix.waiting() == 0, "an empty queue")
        check("status=deferred" not in postfix.log() and
              "status=bounced" not in postfix.log(), "not delivered at once")
    except Failure as e:
        raise Failure(f"{e}\n---- Postfix\n{postfix.log()[-4000:]}") from None
    stopped(*servers.values())
    return f"ok: {', '.join(cases)}; {len(real)} real messages"


def relayed(postfix, name, server, protocol, sent):
    """From smtplib through Postfix into a server."""
    many = [f"u{i}@{name}.test" for i in range(30)]
    utf8 = message("Gr\u00fc\u00dfe", subject="\u65e5\u672c\u8a9e")
    with smtplib.SMTP("127.0.0.1", postfix.ports["plain"], timeout=60) as c:
        c.ehlo()
        for content in sent:
            c.sendmail("alice@src.test", [f"bob@{name}.test"], content, ["BODY=8BITMIME"])
        c.sendmail("alice@src.test", many, message("to thirty"))
        c.sendmail("\u00e5sa@src.test", [f"j\u00f6rg@{name}.test"], utf8,
                   ["BODY=8BITMIME", "SMTPUTF8"])
    for fields in server.got("bob", sent, protocol):
        check(len([f for f in fields if f.startswith("Received:")]) == 2, fields)
    for address in many:
        server.got(address.split("@")[0], [message("to thirty")], protocol)
    server.got("j\u00f6rg", [utf8], "UTF8SMTP" + protocol[5:])
    for said in (" SIZE=", " BODY=8BITMIME", " SMTPUTF8"):
        check(said in server.log(), "Postfix did not say", said)


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
