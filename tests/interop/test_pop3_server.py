#!/usr/bin/env python3
"""Other people's POP3 clients into our server (mailproto-mailserver): curl, mpop, fetchmail,
getmail6, mutt and Python's poplib, with each way to log in that they know, in the clear, by
STLS and with TLS from the first byte. Messages come byte for byte, keep and delete do that.

Runs on free ports of loopback, in a temporary folder. Standard library only. Arguments:
names of tests."""
import concurrent.futures
import os
import poplib
import re
import shutil
import smtplib
import socket
import ssl
import sys
import time

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import (Failure, again, certificates, check, message, need, own_messages, run,
                   run_octets, wait_for)  # noqa: E402
from pop3peers import USERS, MailServer, Terminal, in_maildir, many, same  # noqa: E402

peers.find_program("mailproto-mailserver")
PASSWORD = USERS["alice"]
OWN = list(own_messages().values())
MECHANISMS = ("SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN "
              "LOGIN OAUTHBEARER XOAUTH2")


def start(folder, messages=None, *options):
    """With mail for alice; carol's password is hers."""
    server = MailServer(folder / "server", "--apop", "--mechanisms", MECHANISMS,
                        "--auth-in-clear", *options, users={**USERS, "carol": PASSWORD})
    server.put("alice", OWN if messages is None else messages)
    return server


def text(content):
    """As clients store it."""
    return content.replace(b"\r\n", b"\n")


def stays(server, messages=None):
    same(server.left("alice"), OWN if messages is None else messages, "on the server:")


def goes(server):
    """Nothing is left, and nobody waits for the lock."""
    wait_for(lambda: not server.left("alice"), "the messages to be removed")
    check("could not" not in server.log() and "cannot" not in server.log(), server.log())


# ---- curl --------------------------------------------------------------------------------

def curl(url, *options, user="alice", secret=PASSWORD):
    """(exit code, output as bytes, what was said)"""
    code, out, errors = run_octets(
        ["curl", "-sS", "-v", "--cacert", certificates().ca, "--max-time", "90", "-u",
         f"{user}:{secret}", *options, url])
    return code, out, errors.decode(errors="replace")


CURL_WAYS = [("+APOP", "APOP"), ("PLAIN", "AUTH PLAIN"), ("LOGIN", "AUTH LOGIN"),
             ("CRAM-MD5", "AUTH CRAM-MD5")]


def test_curl(folder):
    need("curl")
    server = start(folder)
    plain = f"pop3://127.0.0.1:{server.port}/"
    secure = f"pop3s://localhost:{server.tls_port}/"
    for i, content in enumerate(OWN, 1):
        for url, options in ((plain, []), (secure, [])):
            code, out, said = curl(url + str(i), *options)
            check(code == 0, said)
            same([out], [content], f"message {i}:")
    for way, verb in CURL_WAYS:
        for url, options in ((plain, []), (plain.replace("127.0.0.1", "localhost"),
                                           ["--ssl-reqd"]), (secure, [])):
            code, out, said = curl(url + "2", "--login-options", f"AUTH={way}", *options)
            check(code == 0 and out == OWN[1] and f"> {verb}" in said, way, options, said)
            check(("> STLS" in said) == bool(options), said)
            for wrong in ({"secret": "looking-glass"}, {"user": "nobody"}):
                code, out, said = curl(url + "2", "--login-options", f"AUTH={way}", *options,
                                       **wrong)
                check(code == 67 and not out, way, wrong, code, said)
    code, out, said = curl(secure + "1", "--oauth2-bearer", PASSWORD)
    check(code == 0 and out == OWN[0] and "> AUTH OAUTHBEARER" in said, said)
    code, out, said = curl(secure + "1", "--oauth2-bearer", "looking-glass")
    check(code == 67 and not out, said)
    # Lists, TOP, UIDL, and what is not there.
    code, out, said = curl(plain)
    check(code == 0 and out.split() == [x for i, m in enumerate(OWN, 1) for x in (
        str(i).encode(), str(len(m)).encode())], out, said)
    code, out, said = curl(plain, "-X", "UIDL")
    check(code == 0 and len(out.splitlines()) == len(OWN), out, said)
    large = OWN[-1]
    head = large.split(b"\r\n\r\n")[0] + b"\r\n\r\n"
    for lines in (0, 1, 3, 100000):
        code, out, said = curl(plain, "-X", f"TOP {len(OWN)} {lines}")
        expected = head + b"".join(large[len(head):].splitlines(True)[:lines])
        check(code == 0, said)
        same([out], [expected], f"TOP {lines}:")
    code, out, said = curl(plain + "999")
    check(code not in (0, 28) and "-ERR" in said and not out, code, said)
    stays(server)
    for i in range(len(OWN), 0, -1):
        code, out, said = curl(plain + str(i), "-X", "DELE", "-l")
        check(code == 0, code, said)
        stays(server, OWN[:i - 1])
    server.stop()


# ---- mpop --------------------------------------------------------------------------------

def mpop(folder, server, way, transport, *options, user="alice", secret=PASSWORD, keep="on"):
    """(exit code, what it said, folder of messages); `way`: as in its `auth`."""
    box = folder / f"{way}.{transport}"
    for name in ("tmp", "new", "cur"):
        (box / name).mkdir(parents=True, exist_ok=True)
    tls = {"clear": "tls off", "stls": "tls on\ntls_starttls on",
           "tls": "tls on\ntls_starttls off"}[transport]
    port = server.tls_port if transport == "tls" else server.port
    config = folder / f"{way}.{transport}.rc"
    config.write_text(f"account a\nhost localhost\nport {port}\n{tls}\n"
                      f"tls_trust_file {certificates().ca}\nauth {way}\nuser {user}\n"
                      f"passwordeval echo {secret}\ndelivery maildir {box}\nkeep {keep}\n"
                      f"received_header off\nuidls_file {folder}/{way}.{transport}.uidls\n"
                      "timeout 60\n" + "\n".join(options) + "\n")
    config.chmod(0o600)
    code, out, errors = run(["mpop", f"--file={config}", "--debug", "a"])
    return code, out + errors, box


def test_mpop(folder):
    need("mpop")
    server = start(folder)
    sent = [text(m) for m in OWN]
    version = run(["mpop", "--version"])[1]
    known = re.search(r"Authentication library: (.*)", version).group(1)
    ways = ["user", "plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"]
    ways += [w for w in ("scram-sha-1-plus", "scram-sha-256-plus") if w in version]
    tried = 0
    for way in ways:
        for transport in ("clear", "stls", "tls"):
            if way.endswith("-plus") and transport == "clear":
                continue
            for pipelining in ("on", "off"):
                code, said, box = mpop(folder, server, way, transport,
                                       f"pipelining {pipelining}")
                check(code == 0, way, transport, pipelining, code, said[-3000:])
                same(in_maildir(box), sent, f"{way} {transport}:")
                if pipelining == "on":
                    check(("AUTH " + way.upper() in said) or way == "user", said[:3000])
                tried += 1
    for way in (*ways, "apop", "oauthbearer", "xoauth2"):
        for wrong in ({"secret": "looking-glass"}, {"user": "nobody"}):
            code, said, box = mpop(folder, server, way, "tls", **wrong)
            check(code == 77, way, wrong, "comes in:", code, said[-2000:])
    for way in ("apop",):
        code, said, box = mpop(folder, server, way, "tls")
        check(code == 0 and "APOP alice" in said, code, said[-3000:])
        same(in_maildir(box), sent, way)
    for way in ("oauthbearer", "xoauth2"):
        code, said, box = mpop(folder, server, way, "stls")
        check(code == 0, way, code, said[-3000:])
        same(in_maildir(box), sent, way)
    stays(server)
    code, said, box = mpop(folder, server, "plain", "stls", keep="off")
    check(code == 0, code, said[-3000:])
    goes(server)
    same(in_maildir(box), sent, "came twice:")
    server.stop()
    return f"ok: {tried} visits, {known}"


def test_mpop_real_messages(folder):
    need("mpop")
    messages, what = many(400)
    server = start(folder, messages)
    code, said, box = mpop(folder, server, "scram-sha-256", "stls", "pipelining on",
                           keep="off")
    check(code == 0, code, said[-3000:])
    same(in_maildir(box), [text(m) for m in messages])
    goes(server)
    server.stop()
    return f"ok: {what}"


# ---- fetchmail ---------------------------------------------------------------------------

def fetchmail(folder, server, name, *, port=None, proto="pop3", tls='sslproto ""',
              secret=PASSWORD, more="keep"):
    box = folder / name
    box.mkdir(exist_ok=True)
    mda = f"sh -c 'cat > {box}/$$'"
    config = folder / f"{name}.rc"
    config.write_text(
        f"set invisible\npoll localhost proto {proto} port {port or server.port} uidl "
        f'timeout 60\n user alice password "{secret}" {tls} no rewrite {more}\n'
        f' mda "{mda}"\n')
    config.chmod(0o600)
    code, out, errors = run(
        ["fetchmail", "-f", config, "--nodetach", "--nosyslog", "--pidfile",
         folder / f"{name}.pid", "--idfile", folder / f"{name}.ids", "-v"],
        env={"HOME": str(folder), "FETCHMAILHOME": str(folder), "LC_ALL": "C"})
    return code, out + errors, [p.read_bytes() for p in sorted(box.iterdir())]


def test_fetchmail(folder):
    need("fetchmail")
    server = start(folder)
    sent = [text(m) for m in OWN]
    ca = f"sslcertck sslcertfile {certificates().ca}"
    ways = {
        "clear": {}, "apop": {"proto": "apop"},
        "stls": {"tls": f'sslproto "auto" {ca}'},
        "tls": {"tls": f"ssl {ca}", "port": server.tls_port},
        "apop-tls": {"tls": f"ssl {ca}", "port": server.tls_port, "proto": "apop"}}
    for name, options in ways.items():
        code, said, got = fetchmail(folder, server, name, **options)
        check(code == 0, name, code, said[-3000:])
        check(("POP3> STLS" in said) == (name == "stls"), name, said[:2000])
        check(("POP3> APOP" in said) == ("apop" in name), name, said[:2000])
        same(got, sent, name)
        code, said, got = fetchmail(folder, server, name, **options)
        check(code == 1, "again:", name, code, said[-3000:])  # there is no new mail
        check(len(got) == len(sent), "fetched twice:", name, said[-3000:])
    code, said, got = fetchmail(folder, server, "wrong", secret="looking-glass")
    check(code == 3 and not got, code, said[-2000:])
    stays(server)
    code, said, got = fetchmail(folder, server, "delete", more="fetchall no keep",
                                tls=f'sslproto "auto" {ca}')
    check(code == 0, code, said[-3000:])
    same(got, sent, "delete")
    goes(server)
    server.stop()


# ---- getmail -----------------------------------------------------------------------------

def getmail(folder, server, name, *, retriever="SimplePOP3Retriever", port=None, more="",
            delete="false", secret=PASSWORD):
    box = folder / name
    box.mkdir(exist_ok=True)
    (folder / f"{name}.state").mkdir(exist_ok=True)
    script = folder / "mda.sh"
    # getmail waits for ever for a program that ends before it begins to wait.
    script.write_text('#!/bin/sh\ncat > "$1/$$"\nsleep 0.05\n')
    script.chmod(0o755)
    config = folder / f"{name}.rc"
    config.write_text(f"""[retriever]
type = {retriever}
server = localhost
port = {port or server.port}
username = alice
password = {secret}
timeout = 60
{more}
[destination]
type = MDA_external
path = {script}
arguments = ("{box}",)
allow_root_commands = true
[options]
delete = {delete}
read_all = false
received = false
delivered_to = false
verbose = 2
""")
    config.chmod(0o600)
    code, out, errors = run(["getmail", f"--getmaildir={folder / name}.state",
                             f"--rcfile={config}"],
                            env={"HOME": str(folder)})
    # It puts this on top of what it gives to a program.
    top = b"Return-Path: <unknown>\n"
    return code, out + errors, [p.read_bytes().removeprefix(top)
                                for p in sorted(box.iterdir())]


def test_getmail(folder):
    need("getmail")
    # It folds fields of nearly 1000 octets anew.
    messages = [m for m in OWN if b"X-Long" not in m]
    server = start(folder, messages)
    sent = [text(m) for m in messages]
    secure = {"retriever": "SimplePOP3SSLRetriever", "port": server.tls_port,
              "more": f"ca_certs = {certificates().ca}"}
    ways = {"clear": {}, "apop": {"more": "use_apop = true"}, "tls": secure,
            "apop-tls": {**secure, "more": secure["more"] + "\nuse_apop = true"}}
    for name, options in ways.items():
        for visit in ("first", "again"):
            code, said, got = getmail(folder, server, name, **options)
            check(code == 0, name, visit, code, said[-3000:])
            same(got, sent, f"{name} {visit}")
    code, said, got = getmail(folder, server, "wrong", secret="looking-glass")
    check(not got and "[AUTH]" in said, code, said[-2000:])
    stays(server, messages)
    code, said, got = getmail(folder, server, "tls", delete="true", **secure)
    check(code == 0, code, said[-3000:])
    same(got, sent, "delete")
    goes(server)
    server.stop()


# ---- mutt --------------------------------------------------------------------------------

def mutt(folder, name, url, setting, box, delete=False):
    """One try: shows a maildrop, copies all of it to `box`, perhaps deletes it, and ends.
    Nothing is typed before it shows that it is ready for it."""
    config = folder / f"{name}.rc"
    config.write_text(
        f"set pop_user=alice pop_pass={PASSWORD} {setting}\n"
        f"set certificate_file={certificates().ca} \n"
        "set move=no quit=yes confirmappend=no confirmcreate=no\n"
        "set editor=true wait_key=no mbox_type=mbox pop_delete=yes\n"
        "set delete=yes ssl_verify_host=no ssl_force_tls=no beep=no timeout=5 sleep_time=0\n"
        "set index_format=\"%C\" status_format=\"there:%m. tagged:%t. deleted:%d.\"\n"
        f"set header_cache=\"\" message_cachedir=\"\" record=\"\" folder={folder}\n")
    count = len(OWN)

    def copied():
        return box.exists() and all(x in box.read_bytes() for x in SUBJECTS) and \
            len(re.findall(rb"^From ", box.read_bytes(), re.M)) >= count

    with Terminal(["mutt", "-n", "-F", config, "-f", url], 100,
                  env={"HOME": str(folder), "LC_ALL": "C.UTF-8"}) as t:
        t.need(lambda: t.shows(f"there:{count}."), "the index")
        t.ask("\aT", "Tag messages matching:", "~A",  # ^G: no other prompt is open
              lambda: t.shows(f"tagged:{count}."), "the tags")
        t.ask("\a;C", "Copy tagged to mailbox", box, copied, "the copies")
        while delete and not t.shows(f"deleted:{count}."):
            t.alive("waited for the deletions")
            t.type("\a;d")
            t.wait(lambda: t.shows(f"deleted:{count}."), 3)
        while not t.over():
            if time.monotonic() >= t.end:
                t.fail("does not end")
            t.type("q")
            t.wait(t.over, 3)
        if t.process.returncode != 0:
            t.fail("an error")


def mutt_tries(folder, server, name, url, setting, delete=False):
    """What it copied. Three tries: another machine's mutt has its moods."""
    box = folder / f"{name}.mbox"
    for left in (2, 1, 0):
        box.unlink(missing_ok=True)
        try:
            mutt(folder, name, url, setting, box, delete)
            return box.read_bytes()
        except Failure as e:
            if left == 0:
                raise Failure(f"mutt, {name}: {e}") from e
            again(f"mutt, {name}: {e}")
            wait_for(lambda: login_works(server), "the lock to go")
            if delete:
                server.put("alice", OWN)
    return b""


SUBJECT = re.compile(rb"^Subject: ([^\n]*(?:\n[ \t][^\n]*)*)", re.M)
SUBJECTS = sorted(SUBJECT.findall(text(b"".join(OWN))))


def test_mutt(folder):
    need("mutt")
    server = start(folder)
    plain, secure = f"pop://localhost:{server.port}/", f"pops://localhost:{server.tls_port}/"
    ways = {"clear-user": (plain, "pop_authenticators=user ssl_starttls=no"),
            "clear-apop": (plain, "pop_authenticators=apop ssl_starttls=no"),
            "stls-user": (plain, "pop_authenticators=user ssl_starttls=yes"),
            "tls-user": (secure, "pop_authenticators=user"),
            "tls-apop": (secure, "pop_authenticators=apop"),
            "stls-sasl": (plain, "pop_authenticators=scram-sha-256:scram-sha-1:plain "
                                 "ssl_starttls=yes")}
    for name, (url, setting) in ways.items():
        arrived(name, mutt_tries(folder, server, name, url, setting))
        stays(server)
    arrived("delete", mutt_tries(folder, server, "delete", plain,
                                 "pop_authenticators=user ssl_starttls=yes", delete=True))
    goes(server)
    server.stop()


def arrived(name, box):
    """Every message is in the mbox file, once, as it was: but its fields' order and a
    picture's text are mutt's own."""
    got = sorted(SUBJECT.findall(box))
    check(got == SUBJECTS, name, got, "should be", SUBJECTS)
    for content in OWN:
        body = re.sub(rb"^From ", b">From ", text(content).split(b"\n\n", 1)[1], flags=re.M)
        check(b"\n\n" + body in box, name, "not there:", body[:1000])


# ---- Python's poplib ---------------------------------------------------------------------

def trusting():
    return ssl.create_default_context(cafile=str(certificates().ca))


def login(server, how="clear", user="alice"):
    if how == "tls":
        c = poplib.POP3_SSL("localhost", server.tls_port, timeout=60, context=trusting())
    else:
        c = poplib.POP3("localhost", server.port, timeout=60)
    if how == "stls":
        c.stls(trusting())
    c.user(user)
    c.pass_(PASSWORD)
    return c


def whole(client, number):
    return b"".join(line + b"\r\n" for line in client.retr(number)[1])


def uids(client):
    return [line.split()[1] for line in client.uidl()[1]]


def refused(code, call, *arguments):
    """`call` is answered with -ERR and, if any, this response code."""
    try:
        said = call(*arguments)
    except poplib.error_proto as e:
        answer = e.args[0] if isinstance(e.args[0], bytes) else str(e.args[0]).encode()
        check(answer.startswith(b"-ERR" + (b" [" + code + b"]" if code else b"")), answer)
        return
    check(False, "was accepted:", call, arguments, said)


def test_poplib(folder):
    """Each command, in each way of transport."""
    server = start(folder)
    first = None
    for how in ("clear", "stls", "tls"):
        c = login(server, how)
        check(c.stat() == (len(OWN), sum(map(len, OWN))), c.stat())
        check([int(x.split()[1]) for x in c.list()[1]] == [len(m) for m in OWN], c.list())
        same([whole(c, i + 1) for i in range(len(OWN))], OWN, how)
        for i, content in enumerate(OWN, 1):  # one by one, in their order
            check(whole(c, i) == content, how, i)
            head = content.split(b"\r\n\r\n")[0]
            top = b"\r\n".join(c.top(i, 0)[1])
            check(top in (head + b"\r\n", head), how, i, top, head)
        here = uids(c)
        check(len(set(here)) == len(OWN), "unique-ids that are not unique:", here)
        first = first or here
        check(here == first, "unique-ids changed:", here, first)
        check(c.uidl(3).split()[2] == here[2])
        capabilities = c.capa()
        for name in ("TOP", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE"):
            check(name in capabilities, name, capabilities)
        for number in (0, len(OWN) + 1):
            for call in (c.retr, c.dele, c.list, c.uidl):
                refused(b"", call, number)
        c.dele(2)
        refused(b"", c.retr, 2)
        refused(b"", c.dele, 2)
        check(c.stat() == (len(OWN) - 1, sum(map(len, OWN)) - len(OWN[1])), c.stat())
        c.rset()
        check(c.stat()[0] == len(OWN))
        c.quit()
    c = poplib.POP3("localhost", server.port, timeout=60)
    c.apop("alice", PASSWORD)
    c.quit()
    for user, secret in (("alice", "looking-glass"), ("nobody", PASSWORD)):
        c = poplib.POP3("localhost", server.port, timeout=60)
        refused(b"AUTH", c.apop, user, secret)
        c.quit()
        c = poplib.POP3("localhost", server.port, timeout=60)
        c.user(user)
        refused(b"AUTH", c.pass_, secret)
        c.quit()
    stays(server)
    server.stop()


def test_clear_is_refused(folder):
    """Without --auth-in-clear there is no login before TLS. (APOP shows no password; it is
    there where it was asked for.)"""
    server = MailServer(folder / "server")
    server.put("alice", OWN)
    c = poplib.POP3("localhost", server.port, timeout=60)
    check("STLS" in c.capa() and "USER" not in c.capa() and "SASL" not in c.capa(), c.capa())
    refused(b"", c.user, "alice")
    refused(b"", c.apop, "alice", PASSWORD)
    c.stls(trusting())
    check("STLS" not in c.capa() and "USER" in c.capa() and "SASL" in c.capa(), c.capa())
    c.user("alice")
    c.pass_(PASSWORD)
    check(c.stat()[0] == len(OWN))
    c.quit()
    server.stop()


def test_delete(folder):
    """QUIT removes what is marked, and nothing else does; unique-ids stay with their
    messages; mail that comes meanwhile is for the next session."""
    server = start(folder)
    c = login(server)
    before = uids(c)
    c.dele(1)
    c.dele(5)
    c.close()  # without QUIT
    wait_for(lambda: login_works(server), "the lock to go")
    stays(server)
    c = login(server)
    c.dele(1)
    c.rset()
    c.dele(2)
    c.dele(len(OWN))
    late = message("late")
    path = server.maildir("alice") / "new" / "1900000000.M1P1.late"
    path.write_bytes(late)
    check(c.stat()[0] == len(OWN) - 2, c.stat())
    c.quit()
    rest = [m for i, m in enumerate(OWN, 1) if i not in (2, len(OWN))]
    stays(server, [*rest, late])
    # A reader moves some of them to cur and flags them: they stay what they are.
    moved = sorted((server.maildir("alice") / "new").iterdir())[:3]
    for p in moved:
        p.rename(server.maildir("alice") / "cur" / (p.name + ":2,S"))
    c = login(server, "tls")
    after = uids(c)
    expected = [u for i, u in enumerate(before, 1) if i not in (2, len(OWN))]
    check(after[:-1] == expected, "unique-ids changed:", after, expected)
    check([whole(c, i + 1) for i in range(len(after))] == [*rest, late])
    for i in range(len(after)):
        c.dele(i + 1)
    c.quit()
    goes(server)
    c = login(server)
    check(c.stat() == (0, 0) and c.list()[1] == [] and c.uidl()[1] == [], c.stat())
    c.quit()
    server.stop()


def login_works(server):
    try:
        login(server).quit()
        return True
    except poplib.error_proto:
        return False


def test_in_use(folder):
    """One session at a time; others of other users are not in its way."""
    server = start(folder)
    server.put("carol", OWN[:2])
    first = login(server)
    for how in ("clear", "stls", "tls"):
        refused(b"IN-USE", login, server, how)
    other = login(server, "stls", "carol")
    check(other.stat()[0] == 2)
    second = poplib.POP3("localhost", server.port, timeout=60)
    second.user("alice")
    refused(b"IN-USE", second.pass_, PASSWORD)
    check(first.stat()[0] == len(OWN))
    first.dele(1)
    first.quit()
    second.user("alice")  # on the same connection
    second.pass_(PASSWORD)
    check(second.stat()[0] == len(OWN) - 1, second.stat())
    # curl and mpop hear it too.
    if shutil.which("curl"):
        code, out, said = curl(f"pop3://127.0.0.1:{server.port}/1")
        check(code == 67 and "[IN-USE]" in said, code, said)
    second.quit()
    other.quit()
    # Hundreds of tries for one lock: exactly one at a time has it.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: login_works(server), range(200)))
    check(any(results) and login_works(server), "nobody came in")
    server.stop()
    return f"ok: {sum(results)} of 200 at once came in"


def test_pipelined(folder):
    """All commands in one packet, and octet by octet: the same answers."""
    server = start(folder)
    script = (f"USER alice\r\nPASS {PASSWORD}\r\nSTAT\r\nLIST\r\nUIDL\r\n" +
              "".join(f"RETR {i}\r\nTOP {i} 1\r\n" for i in range(1, len(OWN) + 1)) +
              "NOOP\r\nRSET\r\nRETR 99\r\nXYZ\r\nQUIT\r\n").encode()
    answers = []
    for pieces in ([script], [script[i:i + 1] for i in range(len(script))],
                   re.findall(rb".*\r\n", script)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in pieces:
                s.sendall(piece)
            got = b""
            while data := s.recv(65536):
                got += data
        answers.append(re.sub(rb"<[^>]*>", b"<>", got, count=1))
    check(answers[0] == answers[1] == answers[2], "the answers differ:",
          [len(a) for a in answers])
    for content in OWN:
        stuffed = re.sub(rb"^\.", b"..", content, flags=re.M)
        check(stuffed + b".\r\n" in answers[0], "not there:", content[:200])
    check(answers[0].endswith(b"\r\n") and answers[0].count(b"\r\n-ERR") == 2)
    wait_for(lambda: login_works(server), "the lock to go")
    stays(server)
    server.stop()


def test_many_sessions(folder):
    """Readers at the same time, with real messages where they are to be had, while mail for
    them comes in by SMTP."""
    users = {f"user{i}": PASSWORD for i in range(12)}
    messages, what = many(150)
    server = MailServer(folder / "server", "--auth-in-clear", users=users)
    for user in users:
        server.put(user, messages)

    def read(user):
        c = login(server, ("clear", "stls", "tls")[int(user[4:]) % 3], user)
        got = []
        for i in range(c.stat()[0]):
            got.append(raw_retr(c, i + 1))
            c.dele(i + 1)
        c.quit()
        return got

    def write(count):
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as c:
            for i in range(count):
                c.sendmail("a@src.test", [f"{u}@mail.test" for u in users],
                           message(f"number {i}"))

    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(13) as pool:
        writer = pool.submit(write, 10)
        got = list(pool.map(read, users))
        writer.result()
    seconds = time.monotonic() - begun
    for user, first in zip(users, got):
        wait_for(lambda u=user, f=first: len(server.left(u)) + len(f) == len(messages) + 10,
                 f"all mail of {user}")
        # What came by SMTP in time was read at once.
        same(first[:len(messages)], messages, user)
    server.stop()
    return f"ok: {len(users)} readers, {what} each, {seconds:.1f} s"


def raw_retr(client, number):
    """poplib refuses long lines; this does not."""
    client._putcmd(f"RETR {number}")  # pylint: disable=protected-access
    check(client.file.readline().startswith(b"+OK"))
    content = []
    while (line := client.file.readline()) != b".\r\n":
        check(line.endswith(b"\r\n"), line)
        content.append(line[1:] if line.startswith(b".") else line)
    return b"".join(content)


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(peers.main(globals()))
