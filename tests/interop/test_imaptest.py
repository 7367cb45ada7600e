#!/usr/bin/env python3
"""The scripts of Dovecot's imaptest ($MAILPROTO_DATA/corpus/imaptest) played against our
server, each as a user of its own. Twice: in the clear with synchronizing literals, then
with literals that do not wait. A script that wants what the server does not offer, and
what is answered otherwise, stands in docs/differences.md, "Scripts of imaptest"; nothing
else may stand there.

First the player itself is tried, on scripts that must fail, and scripts of our own are played
(imap_scripts_own.py). Standard library only.
Arguments: names of scripts; they are played, and the document is not looked at."""
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import peers  # noqa: E402
from imappeers import ImapServer  # noqa: E402
import imap_scripts_own  # noqa: E402
from imap_scripts import Broken, Player, Script, Unmet, messages_of  # noqa: E402

if "--imaps" not in peers.run([peers.find_program("mailproto-mailserver"), "--help"])[1]:
    print("skipped: mailproto-mailserver is built without IMAP (needs libsqlite3-dev)")
    sys.exit(77)

SECRET = "secret"
MBOX = ("From a@b.test  Fri Feb 22 17:06:23 2008\nSubject: one\n\nFirst.\n"
        "From a@b.test  Sat Feb 23 17:06:23 2008\nSubject: two\n\nSecond.\n")

# What the player says of scripts of our own: None, it is as it says; else what is wrong.
OWN = {
    "plain": (None, """messages: 2

ok fetch 1:2 (uid flags)
* 1 fetch (flags () uid $one)
* 2 fetch (uid $two flags ())
ok uid fetch $two body.peek[header.fields (subject)]
* 2 fetch (uid $two body[header.fields (subject)] {{{
Subject: two


}}})
! 1 fetch ()
ok search return (count max) subject o
* esearch (tag $tag) max 2 count 2
select none
no [nonexistent]
"""),
    "pipelined": (None, """state: created

a append $mailbox {{{
Subject: x

}}}
b status $mailbox (messages)
* status $mailbox (messages 1)
a ok [appenduid $ $]
b ok
"""),
    "two": (None, """connections: 2
messages: 2

1 ok store 1 +flags.silent \\deleted
1 ok expunge
* $1 expunge
2 ok noop
* $1 expunge
1 ok append
* 2 exists
"""),
    "state": ("NO", "state: auth\n\nok select $mailbox\n"),
    "missing": ("was not answered with", "messages: 1\n\nok fetch 1 uid\n* 1 fetch (flags $)\n"),
    "forbidden": ("it must not say", "messages: 1\n\nok fetch 1 uid\n! 1 fetch ()\n"),
    "variable": ("was not answered with",
                 "messages: 2\n\nok fetch 1:2 uid\n* 1 fetch (uid $u)\n* 2 fetch (uid $u)\n"),
    "literal": ("was not answered with",
                "messages: 1\n\nok fetch 1 body.peek[text]\n"
                "* 1 fetch (body[text] {{{\nFirst!\n\n}}})\n"),
    "flags": ("was not answered with",
              "messages: 1\n\nok store 1 flags (\\seen x)\n* 1 fetch (flags (\\seen))\n"),
    "order": ("was not answered with",
              "messages: 2\n\nok search all\n* search 2 1\n"),
    "extra": ("is not awaited", "messages: 1\nignore_extra_untagged: no\n\nok fetch 1 uid\n"),
    "code": ("select $mailbox: ", "state: created\n\nselect $mailbox\nok [read-only]\n"),
    "broken": (Broken, "state: auth\n\n* 1 exists\n"),
    "unanswered": (Broken, "state: auth\n\na noop\n"),
}


def check_player(port):
    for name, (wrong, text) in OWN.items():
        try:
            Player(Script(name, text), MBOX, port, (f"own-{name}", SECRET)).play()
            said = None
        except (Unmet, Broken) as e:
            said = e
        peers.check((said is None) == (wrong is None) and
                    (wrong is None or (wrong in str(said) if isinstance(wrong, str)
                                       else isinstance(said, wrong))), name, said)
    peers.check([m[0] for m in messages_of(MBOX)] ==
                ["22-Feb-2008 17:06:23 +0000", "23-Feb-2008 17:06:23 +0000"], "dates")


def documented():
    """({script: capability that it wants}, {script: rules})"""
    text = (peers.SOURCE / "docs" / "differences.md").read_text(encoding="utf-8")
    part = re.search(r"^### Scripts of imaptest\n(.*?)(?=^##|\Z)", text, re.S | re.M)
    wants, rules = {}, {}
    for item in re.split(r"^- ", part.group(1) if part else "", flags=re.M)[1:]:
        reason, _, ids = item.partition(":\n")
        names = re.findall(r"`imaptest/([^`]+)`", ids)
        kind = re.match(r"(rule|without) `([^`]+)`", reason)
        peers.check(names and kind, "docs/differences.md: cannot be read:", item)
        for name in names:
            if kind.group(1) == "without":
                wants[name] = kind.group(2)
            else:
                rules.setdefault(name, set()).add(kind.group(2))
    return wants, rules


def play(folder, port, name, user, synchronise):
    """(missing capabilities, commands, rules) of one script."""
    mbox = folder / (name + ".mbox")
    mbox = mbox if mbox.exists() else folder / "default.mbox"
    script = Script(name, (folder / name).read_bytes().decode("latin-1"))
    player = Player(script, mbox.read_bytes().decode("latin-1"), port, (user, SECRET),
                    synchronise=synchronise)
    missing = player.missing()
    return missing, 0 if missing else player.play(), player.match.rules


def play_own(port):
    """How many commands; what went wrong is told."""
    commands, failed = 0, []
    for name, text in imap_scripts_own.SCRIPTS.items():
        try:
            player = Player(Script(name, text), imap_scripts_own.MBOX, port,
                            (f"ours-{name}", SECRET))
            peers.check(not player.missing(), "not offered:", player.missing())
            commands += player.play()
        except Exception as e:  # whatever it is, the others are still played
            failed.append(f"own {name}")
            print(f"own {name}: {type(e).__name__}: {str(e)[:3000]}")
    print(f"{len(imap_scripts_own.SCRIPTS)} scripts of our own, {commands} commands, "
          f"{len(failed)} failures")
    return failed


def run(folder, names):
    ways = {"w": True, "n": False}
    users = [f"{way}-{name}" for way in ways for name in names]
    users += [f"own-{name}" for name in OWN]
    users += [f"ours-{name}" for name in imap_scripts_own.SCRIPTS]
    server = ImapServer(peers.WORK / "server", users=dict.fromkeys(users, SECRET), tls=False)
    check_player(server.imap_port)
    wants, rules, failed, commands = {}, {}, play_own(server.imap_port), 0
    for way, synchronise in ways.items():
        for name in names:
            try:
                missing, count, used = play(folder, server.imap_port, name, f"{way}-{name}",
                                            synchronise)
            except Exception as e:  # whatever it is, the others are still played
                failed.append(name)
                print(f"{name}: {type(e).__name__}: {str(e)[:1500]} ... {str(e)[-1500:]}")
                continue
            commands += count
            if missing:
                wants[name] = missing
            if used:
                rules[name] = used
    server.stop()
    return wants, rules, failed, commands


def main():
    data = os.environ.get("MAILPROTO_DATA") or str(peers.SOURCE.parent / "shared")
    folder = pathlib.Path(data) / "corpus" / "imaptest"
    names = sorted(p.name for p in folder.glob("*") if "." not in p.name)
    if not names:
        print("no data folder with corpus/imaptest (MAILPROTO_DATA): our own scripts alone")
    wants, rules, failed, commands = run(folder, sys.argv[1:] or names)
    print(f"{len(names)} scripts: {len(names) - len(wants)} played twice, {commands} commands; "
          f"{len(wants)} want what is not offered; {len(failed)} failures")
    if names and not sys.argv[1:]:
        listed, listed_rules = documented()
        for name in sorted(set(listed) | set(wants)):
            if listed.get(name) not in wants.get(name, []):
                failed.append(name)
                print(f"{name}: the document says without {listed.get(name)}, missing is "
                      f"{wants.get(name)}")
        if rules != listed_rules:
            failed.append("rules")
            print(f"the document has the rules {listed_rules}, used were {rules}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
