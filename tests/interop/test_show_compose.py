#!/usr/bin/env python3
"""mailproto-compose and mailproto-show: what one makes, Python's email and the other read;
attachments come back byte for byte, under names that do no harm; nothing of a message
reaches the terminal but text. Standard library only."""
import collections
import email
import email.policy
import os
import pathlib
import socketserver
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MAILPROTO_BUILD", SOURCE / "build"))
ESCAPE = "\x1b]0;owned\x07\x1b[31m"


def program(name):
    path = os.environ.get("MAILPROTO_" + name.upper(),
                          str(BUILD / "examples" / name / ("mailproto-" + name)))
    if not os.path.exists(path):
        print("skipped:", path, "is not built (MAILPROTO_EXAMPLES)")
        sys.exit(77)
    return path


def run(*command, status=0, data=b"", columns="60"):
    done = subprocess.run(command, input=data, capture_output=True, timeout=200, check=False,
                          env=dict(os.environ, COLUMNS=columns))
    assert done.returncode == status, (command, done)
    return done.stdout


def check_screen(out, width=60):
    text = out.decode("utf-8")
    for c in text:
        assert c == "\n" or (ord(c) >= 32 and not 127 <= ord(c) < 160), (hex(ord(c)), text)
    for line in text.split("\n"):
        assert len(line) <= width, line


def make_files(folder):
    files = {"text.txt": "Grüße,\n\nFrom me to you\n.\n".encode(),
             "text.html": b"<p>Hello <b>there</b> &amp; you<script>evil()</script></p>",
             "pic.png": os.urandom(3000), "été 1.bin": os.urandom(20000),
             "lines.txt": b"a\nb\r\nc\rd\0e", "empty.bin": b""}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return files


def compose_and_read(compose, show, folder):
    files = make_files(folder)
    arguments = ["--from", "Älice <alice@crepes.fr>", "--to",
                 '"Bob, the" <bob@hamburger.edu>, eve@x.org', "--cc", "c@x.org", "--bcc",
                 "hidden@x.org", "--subject", "Crêpes " * 30, "--text", folder / "text.txt",
                 "--html", folder / "text.html", "--inline", folder / "pic.png"]
    attached = ["été 1.bin", "lines.txt", "empty.bin"]
    for name in attached:
        arguments += ["--attach", folder / name]
    raw = run(compose, *arguments)
    assert b"hidden@x.org" not in raw
    assert all(len(line) <= 998 for line in raw.split(b"\r\n")) and b"\n\n" not in raw
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["Subject"] == ("Crêpes " * 30).rstrip() or \
        message["Subject"].split() == ["Crêpes"] * 30
    assert [a.addr_spec for a in message["To"].addresses] == ["bob@hamburger.edu", "eve@x.org"]
    assert message["To"].addresses[0].display_name == "Bob, the"
    assert message["From"].addresses[0].display_name == "Älice"
    body = message.get_body(("plain",)).get_content()
    assert body.replace("\r\n", "\n").rstrip("\n") == files["text.txt"].decode().rstrip("\n")
    parts = {p.get_filename(): p for p in message.walk() if p.get_filename()}
    for name in attached + ["pic.png"]:
        assert parts[name].get_payload(decode=True) == files[name], name
    assert parts["pic.png"]["Content-ID"] == "<pic.png@crepes.fr>"
    (folder / "m.eml").write_bytes(raw)
    out = run(show, folder / "m.eml")
    check_screen(out)
    assert "Grüße,\n\nFrom me to you\n.\n" in out.decode(), out.decode()
    assert "From: Älice <alice@crepes.fr>\n" in out.decode()
    html = run(show, "--part", "1.2.1", folder / "m.eml").decode()
    assert "Hello there & you" in html and "evil" not in html and "markup" in html
    assert run(show, "--part", "2", folder / "m.eml") == files["été 1.bin"]
    saved = folder / "saved"
    saved.mkdir()
    for _ in range(2):  # the second time beside the first: nothing is written over
        run(show, "--save", saved, folder / "m.eml")
    names = sorted(p.name for p in saved.iterdir())
    assert len(names) == 2 * (len(attached) + 1), names
    for name in attached + ["pic.png"]:
        stem, extension = name.rsplit(".", 1)
        for copy in (name, stem + "-2." + extension):
            assert (saved / copy).read_bytes() == files[name], copy


def hostile_names(show, folder):
    names = ["../../evil", "/etc/passwd", "..", ".", "a\x1b[2Jb", "same.txt", "same.txt",
             "C:\\x\\y.exe", "con.txt", ".bashrc", "x" * 600 + ".txt", "\u202egpj.exe", ""]
    lines = ["From: a@b.c", "Date: Fri, 20 Nov 2026 10:00:00 +0000",
             "Subject: " + ESCAPE + " =?utf-8?q?=1b[31m_=c2=9b31m?=", "MIME-Version: 1.0",
             "Content-Type: multipart/mixed; boundary=b", "", "--b", "",
             "text " + ESCAPE + " \x9b31m \x0d over \u202e\u2066", "漢字" * 60]
    for i, name in enumerate(names):
        coded = "".join("%%%02x" % octet for octet in name.encode())
        lines += ["--b", "Content-Type: application/octet-stream",
                  "Content-Disposition: attachment; filename*=utf-8''" + coded, "",
                  "content %d" % i]
    lines += ["--b", "Content-Type: application/x",
              'Content-Disposition: attachment; filename="../' + ESCAPE + '"', "", "last",
              "--b--", ""]
    raw = "\r\n".join(lines).encode()
    out = run(show, "--headers", "-", data=raw, columns="50")
    text = out.decode()
    for c in text:
        assert c == "\n" or (ord(c) >= 32 and not 127 <= ord(c) < 160), hex(ord(c))
        assert c not in "\u202e\u2066", text
    assert max(sum(2 if c in "漢字" else 1 for c in line) for line in text.split("\n")) <= 50
    outside = folder / "outside"
    saved = outside / "a" / "saved"
    saved.mkdir(parents=True)
    (saved / "same.txt").symlink_to(outside / "target")
    out = run(show, "--save", saved, data=raw)
    check_screen(out, 80 + len(str(saved)) + 700)
    assert sorted(p.name for p in outside.rglob("*") if p.parent != saved) == ["a", "saved"]
    contents = sorted(p.read_bytes() for p in saved.iterdir() if not p.is_symlink())
    assert contents == sorted([b"content %d" % i for i in range(len(names))] + [b"last"])
    for path in saved.iterdir():
        assert not path.name.startswith(".") and all(ord(c) >= 32 for c in path.name), path


def mailboxes(show, folder):
    line = "From a@crepes.fr Sat Nov 21 09:00:0%d 2026\n"
    box = "".join(line % i + "Subject: number %d\n\n>From here %d\n\n" % (i, i)
                  for i in range(1, 4))
    (folder / "box").write_text(box)
    listed = run(show, folder / "box").decode()
    assert listed.count("a@crepes.fr") == 3, listed
    for i in range(1, 4):
        out = run(show, "--number", str(i), folder / "box").decode()
        assert out == "Subject: number %d\n\nFrom here %d\n" % (i, i), out
    run(show, "--number", "4", folder / "box", status=2)
    (folder / "box1").write_text(box[:box.index("From a", 5)])
    assert run(show, folder / "box1").startswith(b"Subject: number 1\n")


def refusals(compose, folder):
    text = ["--text", folder / "text.txt"]
    run(compose, "--from", "a@b.c", "--to", "x", *text, status=2)
    run(compose, "--from", "a@b.c", "--to", "x@y.z\r\nBcc: e@f.g", "--subject",
        "a\nBcc: e@f.g", *text, status=2)
    run(compose, "--from", "a@b.c", "--to", "x@y.z", "--attach", folder / "none", status=2)
    run(compose, "--from", "a@b.c", "--to", "x@y.z", status=2)
    run(compose, "--from", "a@b.c", "--to", "x@y.z", *text, "--inline", folder / "pic.png",
        status=2)
    raw = run(compose, "--from", "a@b.c", "--to", "x@y.z", "--attach", folder / "pic.png")
    parts = list(email.message_from_bytes(raw, policy=email.policy.default).walk())
    assert [p.get_content_type() for p in parts] == ["multipart/mixed", "image/png"]


def equal_names(show, folder):
    count = 3000
    lines = ["From: a@b.c", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b", ""]
    for i in range(count):
        lines += ["--b", "Content-Type: application/x",
                  "Content-Disposition: attachment; filename=a.txt", "", "%d" % i]
    raw = "\r\n".join([*lines, "--b--", ""]).encode()
    saved = folder / "equal"
    saved.mkdir()
    for times in (1, 2):
        run(show, "--save", saved, data=raw)
        assert len(list(saved.iterdir())) == times * count
    got = collections.Counter(p.read_bytes() for p in saved.iterdir())
    assert got == {b"%d" % i: 2 for i in range(count)}
    assert (saved / "a-2.txt").read_bytes() == b"1"
    assert (saved / "a-3000.txt").read_bytes() == b"2999"  # the part's path
    assert (saved / "a-3000-2.txt").read_bytes() == b"2999"


def show_refusals(show, folder):
    for number in ("abc", "0", "", "1x", "-1", "99999999999999999999999"):
        run(show, "--number", number, folder / "box", status=2)
    (folder / "none").mkdir()
    run(show, "--save", folder / "none", "--part", "1", folder / "m.eml", status=2)
    assert not list((folder / "none").iterdir())


class Server(socketserver.StreamRequestHandler):
    def handle(self):
        say = self.wfile.write
        say(b"220 x\r\n")
        while line := self.rfile.readline():
            self.server.said.append(line)
            if line.startswith(b"EHLO"):
                say(b"250-x\r\n" + self.server.offers + b"250-PIPELINING\r\n250 SIZE\r\n")
            elif line == b"DATA\r\n":
                say(b"354 go\r\n")
                while (line := self.rfile.readline()) != b".\r\n":
                    self.server.content.append(line[1:] if line[:1] == b"." else line)
                say(b"250 taken\r\n")
            elif line == b"QUIT\r\n":
                say(b"221 bye\r\n")
                return
            else:
                say(b"250 ok\r\n")


def sends(compose, folder):
    with socketserver.TCPServer(("127.0.0.1", 0), Server) as server:
        server.said, server.content, server.offers = [], [], b""
        threading.Thread(target=server.serve_forever, daemon=True).start()
        out = run(compose, "--from", "a@b.c", "--to", "x@y.z", "--bcc", "h@y.z", "--attach",
                  folder / "été 1.bin", "--text", folder / "text.txt", "--send",
                  "127.0.0.1:%d" % server.server_address[1])
        server.shutdown()
    raw = b"".join(server.content)
    assert out.count(b"delivered") == 2, out
    mail = [line for line in server.said if line.startswith(b"MAIL")][0]
    assert b" SIZE=%d" % len(raw) in mail, (mail, len(raw))
    assert b"RCPT TO:<h@y.z>\r\n" in server.said and b"h@y.z" not in raw
    message = email.message_from_bytes(raw, policy=email.policy.default)
    part = next(message.iter_attachments())
    assert part.get_payload(decode=True) == (folder / "été 1.bin").read_bytes()


def envelope(compose, *arguments, offers=b"", status=0):
    with socketserver.TCPServer(("127.0.0.1", 0), Server) as server:
        server.said, server.content, server.offers = [], [], offers
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run(compose, *arguments, "--send", "127.0.0.1:%d" % server.server_address[1],
            status=status)
        server.shutdown()
    return ([line.decode() for line in server.said if line[:4] in (b"MAIL", b"RCPT")],
            b"".join(server.content))


def authors(compose, folder):
    rest = ["--to", "x@y.z", "--text", folder / "text.txt"]
    two = ["--from", "a@b.c, d@e.f"]
    run(compose, *two, *rest, status=2)
    run(compose, "--from", "a@b.c", "--from", "d@e.f", *rest, status=2)
    run(compose, *two, "--sender", "s@b.c, t@b.c", *rest, status=2)
    run(compose, *two, "--sender", "", *rest, status=2)
    run(compose, *two, "--sender", "s@b.c", "--text", folder / "text.txt", status=2)
    said, raw = envelope(compose, *two, "--sender", "s@b.c", *rest)
    assert said[0].startswith("MAIL FROM:<s@b.c>") and said[1:] == ["RCPT TO:<x@y.z>\r\n"], said
    assert b"From: a@b.c, d@e.f\r\n" in raw and b"Sender: s@b.c\r\n" in raw, raw


def raw_utf8(compose, folder):
    """What --utf8 allows, and only where the server takes it."""
    mail = ["--from", "é@b.org", "--to", "x@y.z", "--text", folder / "text.txt"]
    run(compose, *mail, status=2)
    said, raw = envelope(compose, *mail, "--utf8", offers=b"250-8BITMIME\r\n250-SMTPUTF8\r\n")
    assert said[0].startswith("MAIL FROM:<é@b.org>") and " SMTPUTF8" in said[0], said
    assert " BODY=8BITMIME" in said[0], said
    assert "From: é@b.org\r\n".encode() in raw and "Grüße".encode() in raw, raw
    for offers in (b"", b"250-8BITMIME\r\n"):
        said, raw = envelope(compose, *mail, "--utf8", offers=offers, status=2)
        assert said == [] and raw == b"", said
    plain = ["--from", "a@b.org", "--to", "x@y.z", "--attach", folder / "pic.png"]
    said, raw = envelope(compose, *plain, "--utf8")
    assert "UTF8" not in said[0] and "BODY" not in said[0] and raw, said


def main():
    compose, show = program("compose"), program("show")
    with tempfile.TemporaryDirectory(prefix="mailproto-") as name:
        folder = pathlib.Path(name)
        for test in (lambda: compose_and_read(compose, show, folder),
                     lambda: hostile_names(show, folder), lambda: mailboxes(show, folder),
                     lambda: refusals(compose, folder), lambda: sends(compose, folder),
                     lambda: equal_names(show, folder), lambda: show_refusals(show, folder),
                     lambda: authors(compose, folder), lambda: raw_utf8(compose, folder)):
            test()
    print("composed, sent, shown and saved: all the same")


if __name__ == "__main__":
    main()
