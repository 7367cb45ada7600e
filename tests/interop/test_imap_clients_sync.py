#!/usr/bin/env python3
"""Programs that keep two sides the same, and our IMAP server as one of them: mbsync and
offlineimap3, with thousands of messages. What is new, flagged or expunged on either side is
so on both after a run. They are killed at random moments, and the server too, and resume:
nothing is lost, nothing is there twice, a UID is never another message's.

Runs on free ports of loopback, in a temporary folder. Standard library only. Arguments:
names of tests. The moments are another choice each time; MAILPROTO_SEED chooses one."""
import os
import random
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import Failure, certificates, check, message, need, run  # noqa: E402
from pop3peers import FULL, fill, in_maildir  # noqa: E402
from imappeers import (PASSWORD, Bare, ImapServer, covers, idle, need_imap,
                       subjects)  # noqa: E402

need_imap()
SEED = int(os.environ.get("MAILPROTO_SEED") or random.randrange(10 ** 6))
LETTERS = {"D": "\\Draft", "F": "\\Flagged", "R": "\\Answered", "S": "\\Seen"}


def text(content):
    return content.replace(b"\r\n", b"\n")


def numbered(where, count):
    return [message(f"line of {where} {i}\n." + "x" * (i * 7 % 300), f"{where} {i}")
            for i in range(count)]


class Sides:
    """A mailbox of the server and a Maildir, and what has to be in both: subject to
    content, and to flags."""
    def __init__(self, folder, server, local, messages):
        self.folder, self.server, self.local = folder, server, local
        self.content = {subject_of(m): text(m) for m in messages}
        self.flags = {subject: "" for subject in self.content}
        self.known = {}  # UID to subject, of all time
        self.validity = None
        self.kills = {"client": 0, "server": 0, "both": 0}

    # ---- the server's side

    def far(self):
        """UID to (subject, flags); and a UID means what it has meant before."""
        client = Bare(self.server.imap_port)
        validity = client.ok("STATUS INBOX (UIDVALIDITY)")[0]
        client.ok("SELECT INBOX")
        found = subjects(client)
        client.close()
        check(self.validity in (None, validity), "UIDVALIDITY was", self.validity, "is",
              validity)
        self.validity = validity
        for uid, (subject, _) in found.items():
            check(self.known.setdefault(uid, subject) == subject, "UID", uid, "was",
                  self.known[uid], "and is", subject)
        return found

    def near(self):
        """File name to (subject, flags)."""
        return {p: (subject_of(p.read_bytes()), letters(p.name))
                for part in ("new", "cur") for p in (self.local / part).iterdir()}

    def same(self, what):
        for side, found in (("far", self.far()), ("near", self.near())):
            got = [subject for subject, _ in found.values()]
            twice = [s for s in set(got) if got.count(s) > 1] if len(got) != len(set(got)) \
                else []
            check(not twice, what, side, "twice:", sorted(twice)[:9])
            check(set(got) == set(self.content), what, side, "lost:",
                  sorted(set(self.content) - set(got))[:9], "too many:",
                  sorted(set(got) - set(self.content))[:9])
            wrong = {s: (f, self.flags[s]) for s, f in found.values() if f != self.flags[s]}
            check(not wrong, what, side, "flags, and what they should be:",
                  list(wrong.items())[:9])
        marks = rb"^X-(TUID|OfflineIMAP): .*\n"  # theirs, on what they bring
        for box in (self.local, self.server.maildir("alice")):
            for content in in_maildir(box):
                content = re.sub(marks, b"", text(content), flags=re.M)
                check(content == self.content[subject_of(content)], what, "changed:", content)

    # ---- changes

    def change_far(self, flags, subjects_):
        """Flags, as letters; `T` means that they go."""
        client = Bare(self.server.imap_port)
        client.ok("SELECT INBOX")
        uids = sorted(uid for uid, (s, _) in subjects(client).items() if s in subjects_)
        names = " ".join({**LETTERS, "T": "\\Deleted"}[x] for x in flags)
        for i in range(0, len(uids), 200):
            client.ok(f"UID STORE {','.join(str(u) for u in uids[i:i + 200])} "
                      f"+FLAGS.SILENT ({names})")
        if "T" in flags:
            client.ok("EXPUNGE")
        client.close()
        self.expect(flags, subjects_)

    def change_near(self, flags, subjects_):
        for path, (subject, old) in self.near().items():
            if subject not in subjects_:
                continue
            if "T" in flags:
                path.unlink()
            else:
                name = path.name.partition(":2,")[0] + ":2," + \
                    "".join(sorted(set(old + flags)))
                path.rename(self.local / "cur" / name)
        self.expect(flags, subjects_)

    def expect(self, flags, subjects_):
        for subject in subjects_:
            if "T" in flags:
                del self.content[subject], self.flags[subject]
            else:
                self.flags[subject] = "".join(sorted(set(self.flags[subject] + flags)))

    def change_both(self, rand):
        """Flags and expunges on both sides, of messages of both."""
        all_ = sorted(self.content)
        rand.shuffle(all_)
        part = len(all_) // 8
        pieces = [set(all_[i * part:(i + 1) * part]) for i in range(8)]
        self.change_far("F", pieces[0])
        self.change_far("RS", pieces[1])
        self.change_far("T", pieces[2])
        self.change_near("S", pieces[3])
        self.change_near("FR", pieces[4])
        self.change_near("T", pieces[5])

    # ---- a program that is killed

    def interrupted(self, arguments, rand, times, longest):
        """Starts it again and again; kills it, the server, or both in the middle."""
        env = {**os.environ, "HOME": str(self.folder)}
        for n in range(times):
            with open(self.folder / "said", "wb") as said, \
                    subprocess.Popen([str(a) for a in arguments], stdin=subprocess.DEVNULL,
                                     stdout=said, stderr=said, start_new_session=True,
                                     env=env) as program:
                try:
                    program.wait(rand.uniform(0.02, longest))
                except subprocess.TimeoutExpired:
                    self._kill(program, ("client", "server", "client", "both")[n % 4])
            self.far()

    def _kill(self, program, who):
        self.kills[who] += 1
        if who in ("server", "both"):
            self.server.kill()
        if who in ("client", "both"):
            os.killpg(program.pid, signal.SIGKILL)
        try:
            program.wait(30)  # without its server, it gives up
        except subprocess.TimeoutExpired as e:
            raise Failure("it goes on without its server") from e
        finally:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)
        if who in ("server", "both"):
            self.server = self.server.again()

    def enough(self, least):
        check(sum(self.kills.values()) >= least, "too few kills hit:", self.kills)
        return ", ".join(f"{n} kills of {who}" for who, n in self.kills.items())


def subject_of(content):
    return re.search(rb"^Subject: ([^\r\n]*)", content, re.M).group(1).decode()


def letters(name):
    return "".join(x for x in name.partition(":2,")[2] if x in LETTERS)


# ---- mbsync ------------------------------------------------------------------------------

def mbsync_config(folder, server, local, ssl="STARTTLS", mechanism="LOGIN", more=""):
    config = folder / "mbsyncrc"
    port = server.imaps_port if ssl == "IMAPS" else server.imap_port
    config.write_text(
        f"IMAPStore far\nHost localhost\nPort {port}\nUser alice\nPass {PASSWORD}\n"
        f"SSLType {ssl}\nAuthMechs {mechanism}\nCertificateFile {certificates().ca}\n"
        f"Timeout 60\n\nMaildirStore near\nPath {local.parent}/\nInbox {local}\n"
        f"SubFolders Verbatim\n\nChannel all\nFar :far:\nNear :near:\nPatterns *\n"
        f"Create Both\nExpunge Both\nSyncState *\n{more}")
    return config


def mbsync(folder, config, code=0):
    got, out, errors = run(["mbsync", "-c", config, "-V", "all"], env={"HOME": str(folder)})
    check(got == code, got, (out + errors)[-3000:])
    return out + errors


def test_mbsync(folder):
    """Folders, and each way to log in."""
    need("mbsync")
    server = ImapServer(folder / "server", "--verbose")
    server.put("alice", numbered("far", 20))
    local = folder / "boxes" / "INBOX"
    fill(local, [text(m) for m in numbered("near", 10)])
    sides = Sides(folder, server, local, numbered("far", 20) + numbered("near", 10))
    client = Bare(server.imap_port)
    client.ok("CREATE Archive/2026")
    client.ok("SELECT INBOX")
    client.ok("UID MOVE 1:5 Archive/2026")
    for i in range(5):
        del sides.content[f"far {i}"], sides.flags[f"far {i}"]
    fill(folder / "boxes" / "Work", [text(m) for m in numbered("work", 3)])
    for ssl, mechanism in (("None", "LOGIN"), ("STARTTLS", "PLAIN"), ("IMAPS", "CRAM-MD5"),
                           ("IMAPS", "SCRAM-SHA-256")):
        config = mbsync_config(folder, server, local, ssl, mechanism)
        mbsync(folder, config)
        sides.same(f"{ssl} {mechanism}:")
    check(len(in_maildir(folder / "boxes" / "Archive" / "2026")) == 5, "a mailbox of theirs")
    check(len(in_maildir(server.maildir("alice") / ".Work")) == 3, "a mailbox of ours")
    sides.change_both(random.Random(SEED))
    mbsync(folder, config)
    sides.same("changed:")
    client.ok("SELECT Archive/2026")
    client.ok("STORE 1:* +FLAGS (\\Deleted)")
    client.ok("CLOSE")
    mbsync(folder, config)
    check(not in_maildir(folder / "boxes" / "Archive" / "2026"), "they went")
    client.close()
    covers(server, "mbsync")
    server.stop()


def test_mbsync_killed(folder):
    need("mbsync")
    rand = random.Random(SEED)
    print("seed", SEED, flush=True)
    far, near = (4000, 2000) if FULL else (1800, 700)
    server = ImapServer(folder / "server")
    server.put("alice", numbered("far", far))
    local = folder / "boxes" / "INBOX"
    fill(local, [text(m) for m in numbered("near", near)])
    sides = Sides(folder, server, local, numbered("far", far) + numbered("near", near))
    config = mbsync_config(folder, server, local)
    command = ["mbsync", "-c", config, "-V", "all"]
    times = 60 if FULL else 10
    begun = time.monotonic()
    sides.interrupted(command, rand, times, 0.8)
    mbsync(folder, config)
    sides.same("all of them:")
    sides.change_both(rand)
    sides.interrupted(command, rand, times // 2, 0.8)
    mbsync(folder, config)
    sides.same("changed:")
    said = sides.enough(times // 2)
    sides.server.stop()
    return (f"ok: {far + near} messages, {said}, nothing lost or doubled, "
            f"{time.monotonic() - begun:.0f} s")


# ---- offlineimap3 ------------------------------------------------------------------------

def offlineimap_config(folder, server, ssl):
    config = folder / "offlineimaprc"
    how = {"tls": f"remoteport = {server.imaps_port}\nssl = yes\n",
           "starttls": f"remoteport = {server.imap_port}\nssl = no\nstarttls = yes\n",
           "clear": f"remoteport = {server.imap_port}\nssl = no\nstarttls = no\n"}[ssl]
    mechanism = {"tls": "CRAM-MD5", "starttls": "PLAIN", "clear": "LOGIN"}[ssl]
    config.write_text(
        f"[general]\naccounts = a\nui = basic\nmetadata = {folder}/meta\n[Account a]\n"
        f"localrepository = l\nremoterepository = r\n[Repository l]\ntype = Maildir\n"
        f"localfolders = {folder}/boxes\nsync_deletes = yes\n[Repository r]\ntype = IMAP\n"
        f"remotehost = localhost\nremoteuser = alice\nremotepass = {PASSWORD}\n{how}"
        f"auth_mechanisms = {mechanism}\nsslcacertfile = {certificates().ca}\n"
        f"maxconnections = {1 if ssl == 'starttls' else 2}\nsync_deletes = yes\n"
        "expunge = yes\n")
    return config


def offlineimap(folder, config, ssl):
    """Its STARTTLS may hang, whatever the server: imaplib2 tells its reader to end after the
    next line when the reader may not be done with the last one, and then nobody reads
    STARTTLS's answer. It is started again then."""
    for left in range(5 if ssl == "starttls" else 1, 0, -1):
        try:
            code, out, errors = run(["offlineimap", "-c", config, "-o"],
                                    timeout=40 if ssl == "starttls" else peers.RUN_SECONDS,
                                    env={"HOME": str(folder)})
            break
        except subprocess.TimeoutExpired:
            if left == 1:
                raise
    check(code == 0, code, (out + errors)[-3000:])


def stays(folder, server, sides):
    """It stays, waits in IDLE and brings what comes."""
    config = offlineimap_config(folder, server, "tls")
    config.write_text(config.read_text().replace(
        "remoterepository = r\n", "remoterepository = r\nautorefresh = 5\n") +
        "idlefolders = ['INBOX']\nkeepalive = 60\nholdconnectionopen = yes\n")
    idle(folder, server, ["offlineimap", "-c", config], {"HOME": str(folder)},
         lambda: len(in_maildir(sides.local)))
    content = next(m for m in in_maildir(server.maildir("alice")) if b"a new one" in m)
    sides.content["A test"], sides.flags["A test"] = text(content), ""
    offlineimap_config(folder, server, "tls")


def test_offlineimap(folder):
    need("offlineimap")
    rand = random.Random(SEED)
    count = 1000 if FULL else 120
    server = ImapServer(folder / "server", "--verbose")
    server.put("alice", numbered("far", count))
    local = folder / "boxes" / "INBOX"
    fill(local, [text(m) for m in numbered("near", count // 2)])
    sides = Sides(folder, server, local,
                  numbered("far", count) + numbered("near", count // 2))
    client = Bare(server.imap_port)
    client.ok("CREATE Archive")
    client.ok("SELECT INBOX")
    client.ok("UID MOVE 1:5 Archive")
    client.close()
    for i in range(5):
        del sides.content[f"far {i}"], sides.flags[f"far {i}"]
    fill(folder / "boxes" / "Work", [text(m) for m in numbered("work", 3)])
    for ssl in ("clear", "starttls", "tls"):
        config = offlineimap_config(folder, server, ssl)
        offlineimap(folder, config, ssl)
        sides.same(ssl)
        sides.change_both(rand)
    offlineimap(folder, config, ssl)
    sides.same("changed:")
    check(len(in_maildir(folder / "boxes" / "Archive")) == 5, "a mailbox of theirs")
    check(len(in_maildir(server.maildir("alice") / ".Work")) == 3, "a mailbox of ours")
    stays(folder, server, sides)
    covers(server, "offlineimap3")
    sides.interrupted(["offlineimap", "-c", config, "-o"], rand, 2, 3)
    offlineimap(folder, config, ssl)
    sides.same("after the kills:")
    sides.server.stop()


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(peers.main(globals()))
