#!/usr/bin/env python3
"""Linear time, in instructions, in the parser, in the readers of values and in the check of
descriptions: four times the octets of a bomb, or the parts of a description, may cost about
four times the instructions. Counted by valgrind's callgrind, so neither the machine nor its
load matters. From 4 to 16 bombs against from 1 to 4: what the program costs by itself falls
out.

usage: linear.py [build folder] [part of a name]"""
import base64
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
FULL = os.environ.get("MAILPROTO_FULL") == "1"
OCTETS = 8000 if FULL else 3000  # of the smallest bomb
PARTS = 2000 if FULL else 1000  # of the smallest description
MOST = 5.0  # 4 is linear, 16 quadratic; the program's buffers double now and then

MIXED = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="
LONG = "b" * 70

# Name: (before, repeated, behind).
MESSAGES = {
    "lines": ("\r\n", "\r\n", ""),
    "fields": ("", "To: a@b.example\r\n", "\r\n"),
    "no colon": ("", "x\r\n", "\r\n"),
    "field name": ("", "x", ": a\r\n\r\n"),
    "folds": ("Subject: a\r\n", " b\r\n", "\r\n"),
    "Received": ("", "Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n", "\r\n"),
    "words": ("Subject:", " =?utf-8?q?a?=", "\r\n\r\n"),
    "words in folds": ("Subject: x", "\r\n =?utf-8?b?w6k=?=", "\r\n\r\n"),
    "words without text": ("Subject:", " =?utf-8?q??=", "\r\n\r\n"),
    "open words": ("Subject: ", "=?utf-8?q?", "\r\n\r\n"),
    "begins of words": ("Subject: ", "=?", "\r\n\r\n"),
    "parts": (MIXED + "a\r\n\r\n", "--a\r\n\r\n", "--a--\r\n"),
    "delimiters almost": (MIXED + LONG + "\r\n\r\n--" + LONG + "\r\n\r\n",
                          "--" + LONG[1:] + "\r\n", ""),
    "delimiters with text": (MIXED + "a\r\n\r\n--a\r\n\r\n", "--ax\r\n", ""),
    "delimiters, blank, text": (MIXED + "a\r\n\r\n--a\r\n\r\n", "--a x\r\n", ""),
    "delimiters with blanks": (MIXED + "a\r\n\r\n--a\r\n\r\n--a", " ", "\r\n"),
    "CR": (MIXED + "a\r\n\r\n--a\r\n\r\n", "\r", ""),
    "dashes": (MIXED + "a\r\n\r\n--a\r\n\r\n", "\r\n-", ""),
    "messages": ("MIME-Version: 1.0\r\n", "Content-Type: message/rfc822\r\n\r\n", "\r\nx"),
    "multiparts": (MIXED + "a\r\n\r\n", "--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n",
                   ""),
    "parameters": ("Content-Type: text/plain", "; a=b", "\r\n\r\n"),
    "sections": ("Content-Type: text/plain", "; name*1=a", "\r\n\r\n"),
    "comments": ("Content-Type: text/plain ", "(", "\r\n\r\n"),
    "quoted-printable, blanks": ("Content-Transfer-Encoding: quoted-printable\r\n\r\n", " ",
                                 "\r\n"),
    "quoted-printable, =": ("Content-Transfer-Encoding: quoted-printable\r\n\r\n", "= ", ""),
    "base64, blanks": ("Content-Transfer-Encoding: base64\r\n\r\n", "\r\n ", ""),
    "base64, =": ("Content-Transfer-Encoding: base64\r\n\r\n", "=", ""),
    "uuencode": ("Content-Transfer-Encoding: x-uuencode\r\n\r\n", "begin 644 x\r\n", ""),
}
ADDRESSES = ["(", "(a)", "a@b.c,", "a:", "a:;", "<", "@", "a.", " ", "=?", "a ", "@a,", '"', "\\",
             "[", "a@b c@d ", "=?utf-8?q?a?= ", ";", ",", "a<"]
VALUES = {
    "address-list": {text: ("", text, "") for text in ADDRESSES},
    "unstructured": {text: ("", text, "") for text in (" =?utf-8?q?a?=", "=?utf-8?q?", "=?",
                                                       "\xe9", "\r\n ")},
    "parameters": {text: ("text/plain", text, "") for text in (
        "; a=b", ";", "; a*1=b", "; a*=utf-8''b", ';a="', '; a="\\', "(", "%", "; a")},
    "message-ids": {text: ("", text, "") for text in ("<a@b>", "<", "(", "a@b ", '"', ",")},
    "date": {text: ("", text, "") for text in ("(", "1 ", "Mon, ", "+")},
    "received": {text: ("from a", text, "; Mon, 1 Jan 2024 00:00:00 +0000") for text in (
        " by b", " (a)", " (", " [", " x", "; ")},
}


def instructions(command, data=None):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
        input=data, capture_output=True, check=False)
    counted = re.search(rb"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not counted:
        sys.exit(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    return int(counted.group(1))


def bomb(parts, octets):
    before, unit, behind = (part.encode("latin-1") for part in parts)
    return before + unit * max(1, octets // len(unit)) + behind


def message_cost(program, folder, parts, octets):
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".eml") as file:
        file.write(bomb(parts, octets))
        file.flush()
        return instructions([program, "message", file.name])


def value_cost(program, kind, parts, octets):
    line = base64.b64encode(bomb(parts, octets)) + b"\n"
    return instructions([program, kind, "--lines"], line)


def parts_cost(program, count):
    """The composer's check of parts in the worst order."""
    return instructions([program, str(count)])


def growth(cost, units=OCTETS):
    one, four, all_ = (cost(n * units) for n in (1, 4, 16))
    return (all_ - four) / max(four - one, 1), (all_ - four) / (12 * units)


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "release")
    only = "".join(sys.argv[2:3])
    program = os.environ.get("MAILPROTO_INSPECT") or \
        str(build / "examples" / "inspect" / "mailproto-inspect")
    if not shutil.which("valgrind") or not os.path.exists(program):
        print("skipped: needs valgrind and mailproto-inspect")
        return 77
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        jobs = {"message, " + name: pool.submit(
            growth, lambda n, p=parts: message_cost(program, folder, p, n))
            for name, parts in MESSAGES.items() if only in "message, " + name}
        for kind, bombs in VALUES.items():
            jobs |= {f"{kind}, {name!r}": pool.submit(
                growth, lambda n, k=kind, p=parts: value_cost(program, k, p, n))
                for name, parts in bombs.items() if only in f"{kind}, {name!r}"}
        orders = build / "tests" / "unit_message_compose_order"
        if orders.exists() and only in "parts in odd order":
            jobs["parts in odd order"] = pool.submit(
                growth, lambda n: parts_cost(str(orders), n), PARTS)
        results = {name: job.result() for name, job in jobs.items()}
    for name, (factor, each) in results.items():
        print(f"{name:36s} {factor:5.2f}  {each:6.1f} instructions an octet or a part")
    failed = [name for name, (factor, _) in results.items() if factor > MOST]
    print(f"{len(results)} bombs; not linear: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
