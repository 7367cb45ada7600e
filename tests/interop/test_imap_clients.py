#!/usr/bin/env python3
"""Other people's IMAP clients into our server (mailproto-mailserver): curl, fetchmail,
getmail6, mutt, neomutt, imapfilter, Perl's Mail::IMAPClient; in the clear, by STARTTLS and
with TLS from the first byte. Messages come byte for byte, flags, copies, searches, IDLE and
QRESYNC do what they say. Which client uses what is written in imappeers.py and held against
the server's transcript. mbsync and offlineimap3: test_imap_clients_sync.py.

Runs on free ports of loopback, in a temporary folder. Standard library only. Arguments:
names of tests."""
import os
import re
import sys
import time

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import (SOURCE, Failure, Process, Skip, again, certificates, check, message, need,
                   own_messages, run, run_octets, wait_for)  # noqa: E402
from pop3peers import Terminal, in_maildir, same  # noqa: E402
from imappeers import (FEATURES, PASSWORD, USES, Bare, ImapServer, covers, deliver, files,
                       idle, need_imap, settles, waits_then)  # noqa: E402

need_imap()
OWN = list(own_messages().values())


def start(folder, *options, messages=None, name="server"):
    server = ImapServer(folder / name, *options)
    server.put("alice", OWN if messages is None else messages)
    return server


def text(content):
    return content.replace(b"\r\n", b"\n")


def test_table(_folder):
    """docs/interop.md has for each client what imappeers.py has."""
    text_ = (SOURCE / "docs" / "interop.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in
            text_[text_.index("# IMAP clients, to our server"):].splitlines()
            if line.startswith("| ")]
    check(rows[0][1:-2] == list(FEATURES), rows[0])
    table = {re.match(r"[\w:]+", row[0])[0]: {f for f, x in zip(FEATURES, row[1:]) if x}
             for row in rows[1:]}
    check(table == USES, table, USES)


# ---- curl --------------------------------------------------------------------------------

def curl(url, *options, secret=PASSWORD):
    code, out, errors = run_octets(
        ["curl", "-sS", "-v", "--cacert", certificates().ca, "--max-time", "90", "-u",
         f"alice:{secret}", *options, url])
    return code, out, errors.decode(errors="replace")


def test_curl(folder):
    need("curl")
    server = start(folder, "--verbose")
    plain = f"imap://localhost:{server.imap_port}/"
    secure = f"imaps://localhost:{server.imaps_port}/"
    for url, options in ((plain, []), (plain, ["--ssl-reqd"]), (secure, [])):
        for i, content in enumerate(OWN, 1):
            code, out, said = curl(f"{url}INBOX;UID={i}", *options)
            check(code == 0, said)
            same([out], [content], f"message {i}:")
        check(bool(re.search(r"> A\d+ STARTTLS", said)) == bool(options), said)
        code, out, said = curl(url + "INBOX", *options, secret="looking-glass")
        check(code == 67 and not out, code, said)
    for way in ("PLAIN", "LOGIN", "CRAM-MD5"):
        code, out, said = curl(secure + "INBOX;UID=1", "--login-options", f"AUTH={way}")
        check(code == 0 and out == OWN[0] and f"AUTHENTICATE {way}" in said, way, said)
    code, out, said = curl(plain + "INBOX;UID=1;SECTION=TEXT")
    check(code == 0 and out == OWN[0].split(b"\r\n\r\n", 1)[1], out, said)
    code, out, said = curl(plain)
    check(b'* LIST (\\HasNoChildren) "/" INBOX' in out, out)
    code, out, said = curl(plain + "INBOX?SUBJECT%20nothing")
    check(out.split() == [b"*", b"SEARCH", b"7"], out, said)
    new = folder / "new.eml"
    new.write_bytes(OWN[5])
    code, out, said = curl(plain + "INBOX", "-T", new)
    check(code == 0, said)
    settles(server, "alice", len(OWN) + 1)
    code, out, said = curl(plain + f"INBOX;UID={len(OWN) + 1}")
    check(out == OWN[5], out, said)
    code, out, said = curl(plain + "INBOX;UID=999")
    check(code not in (0, 28) and not out, code, said)
    code, out, said = curl(plain + "INBOX", "-X", "FETCH 1:2 (UID FLAGS RFC822.SIZE)")
    check(out.count(b" FETCH (") == 2 and b"RFC822.SIZE %d" % len(OWN[0]) in out, out, said)
    code, out, said = curl(plain + "INBOX", "-X", "STORE 2 +FLAGS (\\Flagged)")
    check(code == 0 and b"\\Flagged" in out, out, said)
    code, out, said = curl(plain, "-X", "CREATE Filed")
    check(code == 0, said)
    code, out, said = curl(plain + "INBOX", "-X", "MOVE 1 Filed")
    check(code == 0 and "< * 1 EXPUNGE" in said, said)
    settles(server, "alice", 1, ".Filed")
    covers(server, "curl")
    server.stop()


# ---- fetchmail, getmail ------------------------------------------------------------------

def fetchmail_config(folder, server, name, tls, port, secret, more):
    box = folder / name
    box.mkdir(exist_ok=True)
    config = folder / f"{name}.rc"
    mda = f"sh -c 'cat > {box}/$$'"
    config.write_text(
        f"set invisible\npoll localhost proto imap port {port} "
        f'timeout 60\n user alice password "{secret}" {tls} no rewrite {more}\n'
        f' mda "{mda}"\n')
    config.chmod(0o600)
    return box


def fetchmail_command(folder, name):
    return (["fetchmail", "-f", folder / f"{name}.rc", "--nodetach", "--nosyslog",
             "--pidfile", folder / f"{name}.pid", "--idfile", folder / f"{name}.ids", "-v"],
            {"HOME": str(folder), "FETCHMAILHOME": str(folder), "LC_ALL": "C"})


def fetchmail(folder, server, name, *, port=None, tls='sslproto ""', secret=PASSWORD,
              more="keep"):
    box = fetchmail_config(folder, server, name, tls, port or server.imap_port, secret, more)
    command, env = fetchmail_command(folder, name)
    code, out, errors = run(command, env=env)
    return code, out + errors, [p.read_bytes() for p in sorted(box.iterdir())]


def test_fetchmail(folder):
    need("fetchmail")
    sent = [text(m) for m in OWN]
    ca = f"sslcertck sslcertfile {certificates().ca}"
    for name in ("clear", "starttls", "tls"):
        server = start(folder, "--verbose", name=name)
        how = {"clear": {}, "starttls": {"tls": f'sslproto "auto" {ca}'},
               "tls": {"tls": f"ssl {ca}", "port": server.imaps_port}}[name]
        code, said, got = fetchmail(folder, server, f"to-{name}", **how)
        check(code == 0, name, code, said[-3000:])
        check(bool(re.search(r"IMAP> A\d+ STARTTLS", said)) == (name == "starttls"),
              said[:2000])
        same(got, sent, name)
        code, said, got = fetchmail(folder, server, f"to-{name}", **how)
        check(code == 1 and len(got) == len(sent), "again:", name, code, said[-3000:])
        code, said, got = fetchmail(folder, server, f"all-{name}", more="fetchall no keep",
                                    **how)
        check(code == 0, name, code, said[-3000:])
        same(got, sent, name)
        settles(server, "alice", 0)
        if name == "starttls":
            box = fetchmail_config(folder, server, "idle", how["tls"], server.imap_port,
                                   PASSWORD, "keep idle")
            idle(folder, server, *fetchmail_command(folder, "idle"),
                 lambda: len(list(box.iterdir())))
            covers(server, "fetchmail")
        server.stop()


def test_getmail(folder):
    need("getmail")
    messages = [m for m in OWN if b"X-Long" not in m]  # it folds long fields anew
    server = start(folder, "--verbose", messages=messages)
    script = folder / "mda.sh"
    # getmail waits for ever for a program that ends before it begins to wait.
    script.write_text('#!/bin/sh\ncat > "$1/$$"\nsleep 0.05\n')
    script.chmod(0o755)
    for name, kind, port, more in (
            ("clear", "SimpleIMAPRetriever", server.imap_port, ""),
            ("tls", "SimpleIMAPSSLRetriever", server.imaps_port,
             f"ca_certs = {certificates().ca}")):
        box = folder / name
        box.mkdir()
        (folder / f"{name}.state").mkdir()
        config = folder / f"{name}.rc"
        config.write_text(
            f"[retriever]\ntype = {kind}\nserver = localhost\nport = {port}\n"
            f"username = alice\npassword = {PASSWORD}\ntimeout = 60\n{more}\n"
            f"[destination]\ntype = MDA_external\npath = {script}\n"
            f'arguments = ("{box}",)\nallow_root_commands = true\n'
            "[options]\nread_all = false\nreceived = false\ndelivered_to = false\n"
            f"delete = {'true' if name == 'tls' else 'false'}\nverbose = 2\n")
        config.chmod(0o600)
        for visit in ("first", "again") if name == "clear" else ("first",):
            code, out, errors = run(
                ["getmail", f"--getmaildir={folder / name}.state", f"--rcfile={config}"],
                env={"HOME": str(folder)})
            check(code == 0, name, visit, code, (out + errors)[-3000:])
            own = rb"^(Return-Path: <unknown>|X-getmail-retrieved-from-mailbox: .*)\n"
            same([re.sub(own, b"", p.read_bytes(), flags=re.M) for p in box.iterdir()],
                 [text(m) for m in messages], f"{name} {visit}")
    settles(server, "alice", 0)
    idle(folder, server,
         ["getmail", f"--getmaildir={folder / 'clear'}.state", f"--rcfile={folder}/clear.rc",
          "--idle=INBOX"], {"HOME": str(folder)},
         lambda: len(list((folder / "clear").iterdir())))
    covers(server, "getmail6")
    server.stop()


# ---- mutt, neomutt -----------------------------------------------------------------------

def mutt_config(folder, name, setting):
    config = folder / f"{name}.rc"
    config.write_text(
        f"set imap_user=alice imap_pass={PASSWORD} {setting}\n"
        f"set certificate_file={certificates().ca}\n"
        "set move=no quit=yes confirmappend=no confirmcreate=no delete=yes\n"
        "set editor=true wait_key=no ssl_verify_host=no ssl_force_tls=no beep=no timeout=5\n"
        "set sleep_time=0 index_format=\"%C %Z\" "
        "status_format=\"there:%m. tagged:%t. flagged:%F.\"\n"
        f"set message_cachedir=\"\" record=\"\" folder={folder}\n")
    return config


def visit(program, folder, name, url, setting, count, act):
    """A program from its start to its end: it shows `count` messages, then act(terminal)."""
    config = mutt_config(folder, name, setting)
    with Terminal([program, "-n", "-F", config, "-f", url + "INBOX"], 100,
                  env={"HOME": str(folder), "LC_ALL": "C.UTF-8"}) as t:
        t.need(lambda: t.shows(f"there:{count}."), "the index")
        act(t)
        t.type("\a")
        t.wait(lambda: False, 1)
        while not t.over():
            if time.monotonic() >= t.end:
                t.fail("does not end")
            t.type("q")
            t.wait(t.over, 3)
        if t.process.returncode != 0:
            t.fail("an error")


def flag_and_copy(target):
    """Flags a message, copies all of them into a new mailbox on the server."""
    def act(t):
        while not t.shows("flagged:1."):
            t.alive("waited for the flag")
            t.type("\aF")
            t.wait(lambda: t.shows("flagged:1."), 3)
        t.ask("\aT", "Tag messages matching:", "~A",
              lambda: t.shows(f"tagged:{len(OWN)}."), "the tags")
        t.ask("\a;C", "Copy tagged to mailbox", target,
              lambda: t.wait(lambda: t.shows("tagged:"), 1), "the copies")
    return act


def tried(what, server, trial):
    """Programs on a terminal may lose keys: three trials, each with a server of its own."""
    for left in (2, 1, 0):
        instance = server(left)
        try:
            return trial(instance)
        except Failure as e:
            if left == 0:
                raise Failure(f"{what}: {e}") from e
            again(f"{what}: {e}")
        instance.stop()


def on_terminal(folder, program):
    """Reads, flags, copies; then a visit with what it has kept of the last one: QRESYNC tells
    what was changed by others meanwhile, IDLE what comes while it looks."""
    need(program)
    for name in ("clear", "starttls", "tls"):
        def trial(server):
            url, setting = {
                "clear": (f"imap://localhost:{server.imap_port}/", "ssl_starttls=no"),
                "starttls": (f"imap://localhost:{server.imap_port}/", "ssl_starttls=yes"),
                "tls": (f"imaps://localhost:{server.imaps_port}/", "")}[name]
            visit(program, folder, name, url, setting, len(OWN), flag_and_copy(url + name))
            settles(server, "alice", len(OWN), f".{name}")
            check(sum(":2,F" in n for n in files(server, "alice")) == 1,
                  files(server, "alice"))
            same(in_maildir(server.maildir("alice") / f".{name}"), OWN, name)
            server.stop()
        tried(f"{program}, {name}", lambda left: start(folder, name=f"{name}{left}"), trial)
    tried(f"{program} again", lambda left: start(folder, "--verbose", name=f"again{left}"),
          lambda server: kept_and_resynced(folder, program, server))


def kept_and_resynced(folder, program, server):
    url, count = f"imap://localhost:{server.imap_port}/", len(OWN)
    (folder / f"{server.imap_port}.cache").mkdir()
    setting = ("ssl_starttls=yes imap_condstore=yes imap_qresync=yes imap_idle=yes "
               f"header_cache={folder}/{server.imap_port}.cache/")
    visit(program, folder, "again", url, setting, count, lambda t: None)
    client = Bare(server.imap_port)
    client.ok("SELECT INBOX")
    client.ok("STORE 2 +FLAGS (\\Flagged)")
    client.ok("STORE 3:5 +FLAGS.SILENT (\\Deleted)")
    client.ok("EXPUNGE")
    client.close()

    def act(t):
        t.need(lambda: t.shows("flagged:1."), "another's flag")
        wait_for(lambda: server.log().count(" IDLE\n") >= 2, "IDLE")
        deliver(server)
        t.need(lambda: t.shows(f"there:{count - 2}."), "what has come")

    visit(program, folder, "again", url, setting, count - 3, act)
    check(re.search(r" S: \* VANISHED \(EARLIER\) 3:5$", server.log(), re.M), "not told")
    covers(server, program)
    server.stop()


def test_mutt(folder):
    on_terminal(folder, "mutt")


def test_neomutt(folder):
    on_terminal(folder, "neomutt")


# ---- imapfilter --------------------------------------------------------------------------

LUA = """
options.timeout = 60
options.starttls = true
options.create = true
options.subscribe = true
options.expunge = true
account = IMAP {{ server = 'localhost', port = {port}, username = 'alice',
                 password = '{password}' }}
boxes, folders = account:list_all()
print('boxes', table.concat(boxes, ','))
exist, recent, unseen, uidnext = account.INBOX:check_status()
print('status', exist, unseen, uidnext)
found = account.INBOX:contain_subject('number 1')
print('found', #found)
found:mark_flagged()
found:add_flags({{ 'Work' }})
print('flagged', #account.INBOX:is_flagged())
print('neither', #(account.INBOX:is_smaller(9999) * account.INBOX:is_unflagged()))
print('either', #(account.INBOX:has_keyword('Work') + account.INBOX:match_body('line of 5')))
account.INBOX:is_flagged():move_messages(account['Filed/2026'])
account.INBOX:contain_subject('number 2'):copy_messages(account.Copies)
account.INBOX:contain_subject('number 3'):delete_messages()
print('after', #account['Filed/2026']:is_flagged(), #account.Copies:select_all(),
      #account.INBOX:select_all())
account.INBOX:append_message("Subject: appended\\r\\n\\r\\nby imapfilter\\r\\n")
print('appended', #account.INBOX:contain_subject('appended'))
io.flush()
print('idle', account.INBOX:enter_idle())
print('new', #account.INBOX:contain_subject('A test'))
"""


def test_imapfilter(folder):
    need("imapfilter")
    server = start(folder, "--verbose",
                   messages=[message(f"line of {i}", f"number {i}") for i in range(12)])
    script = folder / "script.lua"
    script.write_text(LUA.format(port=server.imap_port, password=PASSWORD))
    # It has no LITERAL+, no MOVE and no AUTHENTICATE but for OAUTH.
    program = Process(["imapfilter", "-t", certificates().ca, "-c", script],
                      folder / "said", env={**os.environ, "HOME": str(folder)})
    waits_then(server, program, lambda: "appended" in program.log())
    wait_for(lambda: not program.alive(), "imapfilter to end")
    said = program.log()
    check(program.stop() == 0, said)
    got = dict(line.split("\t", 1) for line in said.splitlines() if "\t" in line)
    check(got == {"boxes": "INBOX", "status": "12\t12\t13", "found": "3", "flagged": "3",
                  "neither": "9", "either": "4", "after": "3\t1\t8", "appended": "1",
                  "idle": "true\tEXISTS", "new": "1"}, got, said)
    settles(server, "alice", 3, ".Filed.2026")
    check(all("F" in n.partition(":2,")[2] for n in files(server, "alice", ".Filed.2026")),
          "flags went")
    settles(server, "alice", 1, ".Copies")
    settles(server, "alice", 10)
    covers(server, "imapfilter")
    server.stop()


# ---- Perl --------------------------------------------------------------------------------

PERL = r"""
use strict;
use warnings;
use Mail::IMAPClient;
use IO::Socket::SSL;
$| = 1;
my ($port, $password, $ca, $mechanism) = @ARGV;
my $c = Mail::IMAPClient->new(Server => 'localhost', Port => $port, User => 'alice',
    Password => $password, Authmechanism => $mechanism, Uid => 1, Peek => 1, Timeout => 60,
    Starttls => [SSL_ca_file => $ca, SSL_verify_mode => SSL_VERIFY_PEER]) or die "new: $@";
sub must {
    my ($what, @got) = @_;
    defined $got[0] or die "$what: " . $c->LastError;
    return wantarray ? @got : $got[0];
}
sub say_of { print "$_[0]\t$_[1]\n"; }
say_of('folders', join ',', sort $c->folders);
must('create', $c->create('Filed/2026'));
must('select', $c->select('INBOX'));
say_of('count', $c->message_count);
say_of('search', join ',', $c->search('SUBJECT', 'number 1', 'LARGER', '50'));
say_of('unseen', $c->unseen_count);
say_of('text', $c->message_string(3) =~ /\r\n\r\nline of 2\r\n$/ ? 'same' : 'other');
say_of('octets', $c->size(3) == length $c->message_string(3) ? 'same' : 'other');
say_of('subject', $c->subject(3));
my $s = must('structure', $c->get_bodystructure(3));
say_of('type', $s->bodytype . '/' . $s->bodysubtype);
say_of('from', $c->get_envelope(3)->from_addresses);
say_of('append', $c->append_string('Filed/2026', "Subject: appended\r\n\r\nby Perl\r\n",
    '\Seen', '01-Feb-2026 10:00:00 +0100'));
must('flag', $c->set_flag('Flagged', 3, 4));
must('store', $c->store('5,6', '+FLAGS.SILENT', '(Work)'));
say_of('flags', join ' ', grep { $_ ne '\Recent' } @{$c->flags(3)});
say_of('keyword', join ',', $c->search('KEYWORD', 'Work'));
say_of('copy', $c->copy('Filed/2026', 3, 4));
say_of('move', $c->move('Filed/2026', 7, 8));
must('expunge', $c->expunge);
must('delete', $c->delete_message(9));
must('expunge', $c->expunge);
say_of('left', join ',', $c->messages);
my $all = must('fetch_hash', scalar $c->fetch_hash('FLAGS'));
say_of('hash', join ',', sort grep { $all->{$_}{FLAGS} =~ /Flagged/ } keys %$all);
my $tag = must('idle', $c->idle);
say_of('idle', 'waits');
my @got = must('idle_data', $c->idle_data(60));
must('done', $c->done($tag));
say_of('told', "@got" =~ /(\d+ EXISTS)/ ? $1 : "@got");
must('logout', $c->logout);
"""


def test_perl(folder):
    """Mail::IMAPClient."""
    need("perl")
    if run(["perl", "-MMail::IMAPClient", "-MIO::Socket::SSL", "-e1"])[0] != 0:
        raise Skip("libmail-imapclient-perl is not installed")
    script = folder / "script.pl"
    script.write_text(PERL)
    for mechanism in ("CRAM-MD5", "PLAIN"):
        server = start(folder, "--verbose", name=mechanism,
                       messages=[message(f"line of {i}", f"number {i}") for i in range(12)])
        program = Process(["perl", script, str(server.imap_port), PASSWORD,
                           certificates().ca, mechanism], folder / f"{mechanism}.said")
        waits_then(server, program, lambda: "idle\twaits" in program.log())
        wait_for(lambda: not program.alive(), "perl to end")
        said = program.log()
        check(program.stop() == 0, mechanism, said)
        got = dict(line.split("\t", 1) for line in said.splitlines() if "\t" in line)
        check(got == {
            "folders": "INBOX", "count": "12", "search": "2,11,12", "unseen": "12",
            "text": "same", "octets": "same", "subject": "number 2", "type": "TEXT/PLAIN",
            "from": "Alice <alice@src.test>", "append": "1", "flags": "\\Flagged",
            "keyword": "5,6", "copy": "2,3", "move": "4,5", "left": "1,2,3,4,5,6,10,11,12",
            "hash": "3,4", "idle": "waits", "told": "10 EXISTS"}, mechanism, got)
        settles(server, "alice", 5, ".Filed.2026")
        check(f" AUTHENTICATE {mechanism}" in server.log(), "another mechanism")
        covers(server, "Mail::IMAPClient")
        server.stop()


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(peers.main(globals()))
