#!/usr/bin/env python3
"""The client (mailproto-send) into Postfix: its test server smtp-sink, which can be told to
misbehave, and a whole Postfix with TLS and authentication.

Runs on free ports of loopback with configuration in a temporary folder. Standard library
only. Arguments: names of tests."""
import os
import sys
import time

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import (DovecotAuth, Failure, Postfix, Skip, SmtpSink, certificates, check,
                   corpus, message, own_messages, run, same_messages)  # noqa: E402

SEND = peers.find_program("mailproto-send")
USERS = {"alice": "wonderland", "bob": "a pass, w\u00f6rd"}


class Sent:
    """One run of mailproto-send: its exit code, and what it said of each recipient."""

    def __init__(self, port, files, *options, to=("bob@mail.test",), sender="alice@src.test",
                 host="127.0.0.1"):
        arguments = [SEND, "--server", f"{host}:{port}", "--from", sender, "--verbose"]
        for address in to:
            arguments += ["--to", address]
        begun = time.monotonic()
        self.code, self.out, self.errors = run([*arguments, *options, *files],
                                               env={"LC_ALL": "C.UTF-8"})
        self.seconds = time.monotonic() - begun
        peers.sanitizers_silent(self.errors)
        self.results = {}  # (file, recipient) to (what happened, the reply)
        for line in self.out.splitlines():
            what, address, rest = line.split(None, 2)
            path, reply = rest.split(": ", 1)
            self.results[os.path.basename(path), address] = (what, reply)

    def expect(self, code):
        check(self.code == code, f"exit code {self.code}, not {code}:", self.out[-3000:],
              self.errors[-3000:])
        return self

    def all(self, what, reply=""):
        """Every message and recipient ended like this."""
        check(self.results, "nothing was reported:", self.errors[-3000:])
        for key, (got, said) in self.results.items():
            check(got == what and said.startswith(reply), key, "is", got, said, ", not",
                  what, reply)
        return self

    def said(self, *texts):
        for text in texts:
            check(text in self.errors, "not said:", text, "but:", self.errors[-3000:])
        return self

    def unsaid(self, *texts):
        for text in texts:
            check(text not in self.errors, "said:", text, self.errors[-3000:])
        return self


def write(folder, messages):
    """Messages as files: their paths."""
    folder = folder / "messages"
    folder.mkdir(exist_ok=True)
    paths = []
    for name, content in messages.items():
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    return paths


def one(folder, content=None):
    return write(folder, {"one": content if content is not None else message()})


def pipelined(sent):
    """Whether commands went out before the replies to those before them."""
    lines = sent.errors.splitlines()
    return any(a.startswith("C: MAIL") and b.startswith("C: RCPT")
               for a, b in zip(lines, lines[1:]))


# ---- smtp-sink ---------------------------------------------------------------------------

def into_sink(folder, name, messages, sink_options, send_options=(), to=("bob@mail.test",)):
    """All messages in one session; what arrived is what was sent."""
    sink = SmtpSink(folder / name, *sink_options)
    sent = Sent(sink.port, write(folder, messages), "--tls", "none", *send_options, to=to)
    sent.expect(0).all("delivered", "250")
    check(len(sent.results) == len(messages) * len(to), sent.out)
    got = sink.messages()
    check(sorted(c for _, c in got) == sorted(messages.values()), name,
          "is not what was sent:", len(got), "of", len(messages))
    for fields, _ in got:
        check([f for f in fields if f.startswith("X-Rcpt-Args: ")] ==
              [f"X-Rcpt-Args: <{a}>" for a in to], fields)
    sink.stop()
    return sent, [f for f, _ in got]


def test_sink(folder):
    """Each kind of server: with everything, and with one thing less."""
    own = own_messages()
    sent, fields = into_sink(folder, "all", own, [])
    check(pipelined(sent), sent.errors[:2000])
    check(all("X-Client-Proto: ESMTP" in f for f in fields), fields)
    eight = [f for f in fields if "X-Mail-Args: <alice@src.test> BODY=8BITMIME" in f]
    check(len(eight) == 2, "BODY=8BITMIME for those with 8-bit text:", fields)
    sent, _ = into_sink(folder, "client-waits", own, [], ["--no-pipelining"])
    check(not pipelined(sent), sent.errors[:2000])
    sent, _ = into_sink(folder, "no-pipelining", own, ["-p"])
    check(not pipelined(sent), sent.errors[:2000])
    _, fields = into_sink(folder, "no-8bitmime", own, ["-8"])
    check(not any("BODY" in x for f in fields for x in f), fields)
    into_sink(folder, "no-codes", own, ["-E", "-N", "-a", "-C", "-F"])


def test_sink_helo(folder):
    """A server without EHLO is greeted with HELO (RFC 5321 3.2)."""
    own = own_messages()
    for name, options in (("refused", ["-f", "EHLO"]), ("not-announced", ["-e"]),
                          ("pix", ["-P"])):
        sent, fields = into_sink(folder, name, own, options, ["--helo", "client.test"])
        check(not pipelined(sent), sent.errors[:2000])
        check(all("X-Helo-Args: client.test" in f for f in fields), fields)
        if name == "refused":
            sent.said("C: EHLO client.test", "C: HELO client.test")
            check(all("X-Client-Proto: SMTP" in f for f in fields), fields)


def test_sink_recipients(folder):
    many = [f"user{i}@mail.test" for i in range(500)]
    sent, _ = into_sink(folder, "many", {"a": message("a"), "b": message("b.\n.")}, [],
                        to=many)
    check(pipelined(sent), sent.errors[:2000])
    into_sink(folder, "slowly", {"a": message("a")}, ["-p"], to=many)
    odd = ["\"john doe\"@mail.test", "x+y=z/#!@mail.test", "user@[127.0.0.1]", "a@b"]
    into_sink(folder, "odd", {"a": message("a")}, [], to=odd)


def test_sink_sender(folder):
    sink = SmtpSink(folder / "sink")
    Sent(sink.port, one(folder), "--tls", "none", sender="").expect(0)
    check("X-Mail-Args: <>" in sink.messages()[0][0], sink.messages())


def test_sink_uv(folder):
    """The sender on libuv's loop."""
    program = peers.find_program("mailproto-send-uv", required=False)
    if not program:
        raise Skip("mailproto-send-uv is not built (needs libuv1-dev)")
    own = own_messages()
    for name, options in (("all", []), ("no-pipelining", ["-p"]), ("helo", ["-f", "EHLO"])):
        sink = SmtpSink(folder / name, *options)
        for path in write(folder, own):
            code, out, errors = run([program, "--server", f"127.0.0.1:{sink.port}", "--from",
                                     "alice@src.test", "--to", "bob@mail.test", path])
            check(code == 0, path, out, errors)
            peers.sanitizers_silent(errors)
        check(sorted(c for _, c in sink.messages()) == sorted(own.values()), name)
        sink.stop()
    for what in ("MAIL", "RCPT", "DATA", "."):
        sink = SmtpSink(folder / f"refuses{what}", "-f", what)
        code, out, errors = run([program, "--server", f"127.0.0.1:{sink.port}", "--from",
                                 "alice@src.test", "--to", "bob@mail.test",
                                 folder / "messages" / "large"])
        check(code == 1 and "500" in out + errors, what, code, out, errors)
        sink.stop()


def test_sink_refuses(folder):
    """What the server refuses is told with its own words, whatever came after it."""
    large = one(folder, own_messages()["large"])
    to = ("bob@mail.test", "carol@mail.test")
    cases = [("-f", "MAIL", "500 5.3.0"), ("-r", "MAIL", "450 4.3.0"),
             ("-f", "RCPT", "500 5.3.0"), ("-r", "RCPT", "450 4.3.0"),
             ("-f", "DATA", "500 5.3.0"), ("-r", "DATA", "450 4.3.0"),
             ("-f", ".", "500 5.3.0"), ("-r", ".", "450 4.3.0")]
    for i, (how, what, reply) in enumerate(cases):
        sink = SmtpSink(folder / f"{i}", how, what)
        sent = Sent(sink.port, large, "--tls", "none", to=to)
        sent.expect(1).all("refused", reply).said("C: QUIT", "S: 221")
        check(len(sent.results) == 2, sent.out)
        (sent.said if what == "." else sent.unsaid)(" of content)")
        sink.stop()
    for how, reply in (("-f", "500"), ("-r", "450")):
        sink = SmtpSink(folder / f"connect{how}", how, "CONNECT")
        sent = Sent(sink.port, large, "--tls", "none", to=to).expect(2)
        sent.said(f"the server refused: {reply}").unsaid("MAIL FROM")
        sink.stop()
    sink = SmtpSink(folder / "hello", "-f", "EHLO HELO")
    Sent(sink.port, large, "--tls", "none").expect(2).said("the server refused: 500")


def test_sink_leaves(folder):
    """A server that goes away, with 421 or without a word, at each step. Never is anything
    called delivered that may be lost."""
    large = one(folder, own_messages()["large"])
    for i, what in enumerate(("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".")):
        sink = SmtpSink(folder / f"q{i}", "-q", what)
        sent = Sent(sink.port, large, "--tls", "none").expect(2)
        check("delivered" not in sent.out, sent.out)
        sent.said("EOF")
        sink.stop()
        sink = SmtpSink(folder / f"Q{i}", "-Q", what)
        sent = Sent(sink.port, large, "--tls", "none")
        check(sent.code in (1, 2) and "delivered" not in sent.out, what, sent.code, sent.out)
        check("421" in sent.out + sent.errors, what, sent.out, sent.errors)
        sink.stop()
    # A 550 in the middle of the content, and the connection closed.
    sink = SmtpSink(folder / "abort", "-A", "0")
    sent = Sent(sink.port, large, "--tls", "none")
    check(sent.code in (1, 2) and "delivered" not in sent.out, sent.code, sent.out)
    if "S: 550" in sent.errors:  # else the network dropped it
        sent.all("refused", "550")
    sink.stop()
    # Only the good-bye is missing: all is well.
    sink = SmtpSink(folder / "quit", "-q", "QUIT")
    Sent(sink.port, large, "--tls", "none").all("delivered", "250")


def test_sink_slow(folder):
    """One that reads late, through a small window."""
    content = message("\n".join("." * (i % 3) + f"{i} " + "y" * 60 for i in range(60000)))
    sink = SmtpSink(folder / "slow", "-p", "-H", "1", "-T", "4096", "-W", "RCPT:1")
    sent = Sent(sink.port, one(folder, content), "--tls", "none").expect(0)
    check(sent.seconds > 1.5, sent.seconds)
    check([c for _, c in sink.messages()] == [content], "not what was sent")


def test_sink_real_messages(folder):
    """Real messages, hundreds in a session."""
    messages = corpus(600)
    if not messages:
        raise peers.NoData("no folder of real messages (MAILPROTO_DATA)")
    named = {str(i): m for i, m in enumerate(messages)}
    sent, _ = into_sink(folder, "all", named, [])
    return f"ok: {len(named)} messages, {sum(map(len, messages))} octets, " \
           f"{sent.seconds:.1f} s"


def test_sink_load(folder):
    named = {f"{i}": message(f"number {i}.\n.\n" + "z" * (i % 500)) for i in range(1000)}
    sent, _ = into_sink(folder, "sink", named, [])
    return f"ok: {len(named)} messages, {sent.seconds:.1f} s"


def test_sink_line_ends(folder):
    """Bare LF and CR, which let another message be smuggled, are repaired or refused."""
    evil = message("text") + b"a\n.\nb\n.\r\nc\r\n.\nMAIL FROM:<x@y.test>\nd\re\r.\rf\r\n"
    good = message("text") + (b"a\r\n.\r\nb\r\n.\r\nc\r\n.\r\nMAIL FROM:<x@y.test>\r\n"
                              b"d\r\ne\r\n.\r\nf\r\n")
    sink = SmtpSink(folder / "sink")
    paths = write(folder, {"evil": evil, "plain": message()})
    Sent(sink.port, paths, "--tls", "none").expect(0).all("delivered")
    check(sorted(c for _, c in sink.messages()) == sorted([good, message()]),
          sink.messages())
    sink.stop()
    sink = SmtpSink(folder / "refusing")
    Sent(sink.port, paths, "--tls", "none", "--line-ends", "refuse").expect(2)
    check([c for _, c in sink.messages()] == [message()], sink.messages())
    sink.stop()
    sink = SmtpSink(folder / "unfinished")  # a file without an end of line at its end
    Sent(sink.port, one(folder, message()[:-2]), "--tls", "none").expect(0)
    check([c for _, c in sink.messages()] == [message()], sink.messages())


# ---- a whole Postfix ---------------------------------------------------------------------

MANY = 80
_postfix = []


def postfix():
    """The one that these tests share: a port for each kind of server."""
    if not _postfix:
        try:
            with peers.shared():
                _postfix.append(start_postfix())
        except (Failure, Skip) as e:
            _postfix.append(e)
    if isinstance(_postfix[0], Exception):
        raise _postfix[0]
    return _postfix[0]


def start_postfix():
    peers.need_postfix()
    tls = certificates()
    try:
        auth = DovecotAuth(peers.WORK / "peer.dovecot", USERS)
    except Skip as e:
        auth = None
        print(f"postfix with AUTH: skipped, {e}")
    secure = {"smtpd_tls_cert_file": tls.cert, "smtpd_tls_key_file": tls.key}
    login = {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot",
             "smtpd_sasl_path": auth.path,
             "smtpd_client_restrictions": "permit_sasl_authenticated, reject",
             "smtpd_sasl_security_options": "noanonymous"} if auth else {}
    services = {
        "plain": {},
        "starttls": {**secure, "smtpd_tls_security_level": "encrypt"},
        "tls13": {**secure, "smtpd_tls_security_level": "encrypt",
                  "smtpd_tls_mandatory_protocols": ">=TLSv1.3"},
        "tls12": {**secure, "smtpd_tls_security_level": "encrypt",
                  "smtpd_tls_mandatory_protocols": ">=TLSv1.2, <=TLSv1.2"},
        "wrong": {"smtpd_tls_cert_file": tls.wrong_cert, "smtpd_tls_key_file": tls.key,
                  "smtpd_tls_security_level": "may"},
        "implicit": {**secure, "smtpd_tls_wrappermode": "yes"},
        "old": {"smtpd_discard_ehlo_keywords":
                "pipelining, chunking, 8bitmime, smtputf8, dsn, size, starttls, etrn, "
                "enhancedstatuscodes, vrfy"},
        "impatient": {"smtpd_hard_error_limit": "20"},
        "few": {"smtpd_recipient_limit": "50"},
        "small": {},
    }
    if auth:
        services["auth"] = {**login, **secure, "smtpd_tls_auth_only": "yes",
                            "smtpd_tls_security_level": "encrypt"}
        services["auth-clear"] = login
        services["auth-login"] = {**login, "smtpd_sasl_mechanism_filter": "login"}
        services["auth-implicit"] = {**login, **secure, "smtpd_tls_wrappermode": "yes"}
    mailboxes = [f"{u}@mail.test" for u in
                 ["alice", "bob", "carol", "uma", "victor", "walter", "dave", "erin", "frank", "grace", "heidi",
                  "ivan", "mallory", "nina", "oscar", "peggy", "j\u00f6rg",
                  *(f"user{i}" for i in range(MANY))]]
    server = Postfix(peers.WORK / "peer.postfix", services, mailboxes,
                     routes={"out.test": "discard:"})
    server.auth = auth
    return server


def deliver(folder, service, user, messages, *options, **more):
    """All of them in one session into a mailbox, which holds just them then."""
    server = postfix()
    sent = Sent(server.ports[service], write(folder, messages), *options,
                to=[f"{user}@mail.test"], **more)
    sent.expect(0).all("delivered", "250")
    check(len(sent.results) == len(messages), sent.out)
    tops = same_messages(server.wait(user, len(messages)), list(messages.values()))
    return sent, tops


def with_protocol(tops, protocol):
    for fields in tops:
        got = [f for f in fields if f.startswith("Received:")]
        check(len(got) == 1 and f" with {protocol} id " in got[0], protocol, got)
    return tops


def test_plain(folder):
    sent, tops = deliver(folder, "plain", "alice", own_messages(), "--tls", "none")
    with_protocol(tops, "ESMTP")
    check(pipelined(sent), sent.errors[:2000])
    sent.said("BODY=8BITMIME", "SIZE=")
    check(all("Return-Path: <alice@src.test>" in f for f in tops), tops)


def test_one_at_a_time(folder):
    sent, _ = deliver(folder, "plain", "dave", own_messages(), "--tls", "if-offered",
                      "--no-pipelining", "--helo", "client.test")
    check(not pipelined(sent), sent.errors[:2000])


def test_old_server(folder):
    sent, _ = deliver(folder, "old", "erin", own_messages(), "--tls", "none")
    check(not pipelined(sent), sent.errors[:2000])
    sent.unsaid("BODY=", "SIZE=")
    # With STARTTLS required there is no mail without it (RFC 8314).
    sent = Sent(postfix().ports["old"], one(folder), "--cafile", certificates().ca)
    sent.expect(2).unsaid("MAIL FROM")


def test_starttls(folder):
    ca = ["--cafile", certificates().ca]
    sent, tops = deliver(folder, "starttls", "carol", own_messages(), *ca)
    with_protocol(tops, "ESMTPS")
    sent.said("C: STARTTLS")
    check(sent.errors.count("C: EHLO") == 2, "EHLO anew after STARTTLS (RFC 3207 4.2)")
    check(pipelined(sent), sent.errors[:2000])
    _, tops = deliver(folder, "starttls", "frank", own_messages(), *ca, host="localhost")
    with_protocol(tops, "ESMTPS")
    for user, service in (("nina", "tls12"), ("oscar", "tls13")):
        _, tops = deliver(folder, service, user, own_messages(), *ca, "--tls", "starttls")
        with_protocol(tops, "ESMTPS")


def test_implicit_tls(folder):
    sent, tops = deliver(folder, "implicit", "grace", own_messages(), "--tls", "implicit",
                         "--cafile", certificates().ca)
    with_protocol(tops, "ESMTPS")
    check(sent.errors.count("C: EHLO") == 1, sent.errors[:2000])


def test_uv_tls(folder):
    """The sender on libuv's loop: STARTTLS, and TLS from the first byte."""
    program = peers.find_program("mailproto-send-uv", required=False)
    if not program:
        raise Skip("mailproto-send-uv is not built (needs libuv1-dev)")
    tls, server, own = certificates(), postfix(), own_messages()

    def send(service, user, path, *options, host="127.0.0.1"):
        code, out, errors = run([program, "--server", f"{host}:{server.ports[service]}",
                                 "--from", "alice@src.test", "--to", f"{user}@mail.test",
                                 *options, path])
        peers.sanitizers_silent(errors)
        return code, out + errors

    paths = write(folder, own)
    for service, mode, user, host in (("starttls", "starttls", "uma", "localhost"),
                                      ("tls13", "if-offered", "victor", "127.0.0.1"),
                                      ("implicit", "implicit", "walter", "127.0.0.1")):
        for path in paths:
            code, said = send(service, user, path, "--tls", mode, "--cafile", tls.ca,
                              host=host)
            check(code == 0 and "delivered" in said, service, path, code, said)
        tops = same_messages(server.wait(user, len(own)), list(own.values()))
        with_protocol(tops, "ESMTPS")
    # Another CA, another name, no TLS at all where it is required: nothing is sent.
    before = len(server.new("uma"))
    for service, *options in (
            ("starttls", "--tls", "starttls", "--cafile", tls.other_ca),
            ("implicit", "--tls", "implicit", "--cafile", tls.other_ca),
            ("wrong", "--tls", "if-offered", "--cafile", tls.ca),
            ("old", "--tls", "starttls", "--cafile", tls.ca)):
        code, said = send(service, "uma", paths[0], *options)
        check(code == 2 and "delivered" not in said, service, code, said)
    check(len(server.new("uma")) == before, "a message went to a server without trust")
    code, said = send("wrong", "uma", paths[0], "--tls", "starttls", "--insecure")
    check(code == 0, code, said)
    server.wait("uma", before + 1)


def test_tls_not_trusted(folder):
    """Another CA, another name: the session ends before the envelope."""
    tls, server = certificates(), postfix()
    for service, *options in (
            ("starttls", "--cafile", tls.other_ca), ("starttls",),
            ("implicit", "--tls", "implicit", "--cafile", tls.other_ca),
            ("wrong", "--cafile", tls.ca), ("wrong", "--cafile", tls.ca, "--tls",
                                            "if-offered")):
        sent = Sent(server.ports[service], one(folder), *options, to=["heidi@mail.test"])
        sent.expect(2).unsaid("MAIL FROM").said("TLS")
        check("certificate" in sent.errors or "host" in sent.errors, sent.errors)
    sent = Sent(server.ports["starttls"], one(folder), "--tls", "none")
    sent.expect(1).all("refused", "530 5.7.0")
    # One who asks for it gets it.
    _, tops = deliver(folder, "wrong", "heidi", {"one": message()}, "--insecure")
    with_protocol(tops, "ESMTPS")


def passwords(folder):
    paths = {}
    for user, password in USERS.items():
        paths[user] = folder / f"password.{user}"
        paths[user].write_text(password + "\n", encoding="utf-8")
    paths["wrong"] = folder / "password.wrong"
    paths["wrong"].write_text("looking-glass\n")
    return paths


def need_auth():
    server = postfix()
    if not server.auth:
        raise Skip("dovecot is not installed")
    return server


def test_auth(folder):
    server = need_auth()
    file, ca = passwords(folder), ["--cafile", certificates().ca]
    alice = ["--user", "alice", "--password-file", file["alice"]]
    bob = ["--user", "bob", "--password-file", file["bob"]]
    clear = ["--tls", "none", "--insecure"]
    cases = [("auth", f"AUTH {name}", "ESMTPSA", [*ca, *user, "--mechanism", name])
             for name in ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")
             for user in (alice, bob)]
    cases += [  # the strongest that is offered, where none is named
        ("auth", "AUTH SCRAM-SHA-256", "ESMTPSA", [*ca, *alice]),
        ("auth-login", "AUTH LOGIN", "ESMTPA", [*clear, *alice]),
        ("auth-implicit", "AUTH PLAIN", "ESMTPSA",
         [*ca, *alice, "--tls", "implicit", "--mechanism", "PLAIN"]),
        ("auth-clear", "AUTH PLAIN", "ESMTPA", [*clear, *alice, "--mechanism", "PLAIN"])]
    for i, (service, command, protocol, options) in enumerate(cases):
        sent, tops = deliver(folder, service, f"user{i}", own_messages(), *options)
        with_protocol(tops, protocol)
        sent.said("C: " + command).unsaid("wonderland", "d29uZGVybGFuZA")
    # Who is authenticated may send to others.
    sent = Sent(server.ports["auth"], one(folder), *ca, *alice, to=["x@out.test"])
    sent.expect(0).all("delivered", "250")


def test_auth_fails(folder):
    server = need_auth()
    file, ca = passwords(folder), ["--cafile", certificates().ca]
    for service, mechanism, reply, *options in (
            ("auth", "PLAIN", "535 5.7.8", *ca), ("auth", "LOGIN", "535 5.7.8", *ca),
            ("auth", "SCRAM-SHA-256", "535 5.7.8", *ca),
            ("auth-clear", "LOGIN", "535 5.7.8", "--tls", "none", "--insecure")):
        sent = Sent(server.ports[service], one(folder), *options, "--user", "alice",
                    "--password-file", file["wrong"], "--mechanism", mechanism)
        sent.expect(2).said("authentication: " + reply, "C: QUIT").unsaid("MAIL FROM")
    # No password goes out in the clear unasked.
    sent = Sent(server.ports["auth-clear"], one(folder), "--tls", "none", "--user", "alice",
                "--password-file", file["alice"], "--mechanism", "PLAIN")
    sent.expect(2).said("authentication: ").unsaid("C: AUTH", "MAIL FROM")
    # Not offered, and not to be talked into it.
    sent = Sent(server.ports["auth-login"], one(folder), "--tls", "none", "--insecure",
                "--user", "alice", "--password-file", file["alice"], "--mechanism", "PLAIN")
    sent.expect(2).said("NOT_OFFERED").unsaid("C: AUTH", "MAIL FROM")
    sent = Sent(server.ports["plain"], one(folder), "--tls", "none", "--insecure",
                "--user", "alice", "--password-file", file["alice"])
    sent.expect(2).said("NOT_OFFERED").unsaid("C: AUTH", "MAIL FROM")
    sent = Sent(server.ports["auth"], one(folder), *ca).expect(1).all("refused", "554")


def test_recipients(folder):
    """Many, some of whom are refused: the others have the message, each of them once."""
    server = postfix()
    good = [f"user{i}@mail.test" for i in range(20, MANY)]
    bad = {"nobody@mail.test": "550 5.1.1", "x@elsewhere.test": "554 5.7.1",
           "nobody2@mail.test": "550 5.1.1"}
    to = [*list(bad)[:1], *good[:30], *list(bad)[1:], *good[30:]]
    messages = {"a": message("a"), "b": message("b\n.\n")}
    for options in ((), ("--no-pipelining",)):
        sent = Sent(server.ports["plain"], write(folder, messages), "--tls", "none",
                    *options, to=to).expect(1)
        for (_, address), (what, reply) in sent.results.items():
            wanted = ("refused", bad[address]) if address in bad else ("delivered", "250")
            check(what == wanted[0] and reply.startswith(wanted[1]), address, what, reply)
        check(len(sent.results) == 2 * len(to), len(sent.results))
    for address in good:
        user = address.split("@")[0]
        same_messages(server.wait(user, 4), list(messages.values()), copies=2)
    # All of them refused: no content, though DATA was on its way already.
    sent = Sent(server.ports["plain"], write(folder, messages), "--tls", "none", to=bad)
    sent.expect(1).unsaid(" of content)")
    check(len(sent.results) == 6, sent.out)
    for (_, address), (what, reply) in sent.results.items():
        check(what == "refused" and reply.startswith(bad[address]), address, what, reply)


def test_too_many_recipients(folder):
    """452 for those beyond the server's limit (RFC 5321 4.5.3.1.10), the rest is sent."""
    server = postfix()
    to = [f"user{i}@mail.test" for i in range(MANY)]
    content = message("to fifty of them")
    before = {a: len(server.new(a.split("@")[0])) for a in to}
    sent = Sent(server.ports["few"], one(folder, content), "--tls", "none", to=to).expect(1)
    for i, address in enumerate(to):
        what, reply = sent.results["one", address]
        if i < 50:
            check(what == "delivered" and reply.startswith("250"), address, what, reply)
            stored = server.wait(address.split("@")[0], before[address] + 1)
            check(any(m.endswith(content) for m in stored), address, "has it not")
        else:
            check(what == "refused" and reply.startswith("452 4.5.3"), address, reply)


def test_impatient_server(folder):
    """421 in the middle of the recipients (RFC 5321 3.8): nobody has the message."""
    server = postfix()
    to = ["mallory@mail.test", *(f"nobody{i}@mail.test" for i in range(40))]
    sent = Sent(server.ports["impatient"], write(folder, {"a": message(), "b": message()}),
                "--tls", "none", to=to)
    check(sent.code in (1, 2) and "delivered" not in sent.out, sent.code, sent.out[-3000:])
    for i in range(15):
        what, reply = sent.results["a", f"nobody{i}@mail.test"]
        check(what == "refused" and reply.startswith("550 5.1.1"), i, what, reply)
    sent.said("S: 421 4.7.0")
    check(not server.new("mallory"), "it was delivered")


def test_size(folder):
    """Not sent at all where the limit is known; refused at its end where it is not."""
    server = postfix()
    exact = message("x" * 70)
    line = b"y" * 76 + b"\r\n"
    large = exact + line * 40000
    sent = Sent(server.ports["small"], one(folder, large), "--tls", "none")
    sent.expect(1).unsaid("C: DATA", "MAIL FROM")
    check(sent.results["one", "bob@mail.test"][0] == "failed", sent.out)
    sent = Sent(server.ports["old"], one(folder, large), "--tls", "none")
    sent.expect(1).all("refused", "552")
    # One too large does not keep the next one back.
    paths = write(folder, {"1": large, "2": exact})
    sent = Sent(server.ports["small"], paths, "--tls", "none", to=["ivan@mail.test"])
    sent.expect(1)
    check(sent.results["2", "ivan@mail.test"][0] == "delivered", sent.out)
    same_messages(server.wait("ivan", 1), [exact])


def test_smtputf8(folder):
    server = postfix()
    to = ["j\u00f6rg@mail.test"]
    content = message("Gr\u00fc\u00dfe", subject="\u65e5\u672c\u8a9e")
    sent = Sent(server.ports["plain"], one(folder, content), "--tls", "none", to=to)
    sent.expect(0).all("delivered", "250").said("SMTPUTF8", "BODY=8BITMIME")
    tops = same_messages(server.wait("j\u00f6rg", 1), [content])
    check("UTF8SMTP" in "".join(tops[0]), tops)
    # RFC 6531 3.5: not where it is not offered.
    sent = Sent(server.ports["old"], one(folder, content), "--tls", "none", to=to)
    sent.unsaid("MAIL FROM")
    check(sent.code in (1, 2) and "delivered" not in sent.out, sent.code, sent.out)


def test_null_sender(folder):
    _, tops = deliver(folder, "plain", "peggy", {"one": message()}, "--tls", "none",
                      sender="")
    check("Return-Path: <>" in tops[0], tops)


def test_real_messages(folder):
    messages = corpus(120, strict=True)
    postfix()
    if not messages:
        raise peers.NoData("no folder of real messages (MAILPROTO_DATA)")
    named = {str(i): m for i, m in enumerate(messages)}
    deliver(folder, "starttls", "bob", named, "--cafile", certificates().ca)
    return f"ok: {len(messages)} messages, {sum(map(len, messages))} octets"


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
