#!/usr/bin/env python3
"""Instructions per octet of the message benchmark, counted by valgrind's callgrind: the
figure that neither neighbours nor the processor's mood move.

    instructions.py <bench_message> [--peer NAME] [--only TEXT] [--profile] [--real]

--real: the real messages of MAILPROTO_DATA, which have no limits. --peer: "mailproto" (portable, the default), "+ vector", "4 KB pieces", "GMime" and so on.
--profile also prints the functions that most of them were spent in. Exit code 1: a test
is over its limit (portable code only), 77: no valgrind.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Name of a test: the most instructions an octet may cost in portable code. It is the aim
# of docs/performance.md or less: a little above what it does cost.
LIMITS = {
    "header": 6,
    "structure, typical": 1.6,
    "structure, attachments": 1,
    "full, typical": 5.8,
    "full, attachments": 7.5,
    "base64 decode": 6.8,
    "base64 encode": 12,
    "qp decode, light": 3.6,
    "qp decode, heavy": 9.5,
    "qp encode": 6.8,
    "words": 20,
}


REAL = {"header, real": None, "structure, real": None, "full, real": None}


def measure(program, peer, test, profile):
    """Instructions in bench_pass(), octets, items; with `profile` the top functions."""
    # With real messages there are more tests of a name that begins so.
    environment = {name: value for name, value in os.environ.items()
                   if name != "MAILPROTO_DATA" or test in REAL}
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind")
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=bench_pass",
             "--callgrind-out-file=" + out, program, "--scale", "3",
             "--once", peer, test],
            capture_output=True, text=True, check=True, env=environment)
        said = re.search(r"octets (\d+) items (\d+)", run.stdout)
        counted = re.search(r"Collected : (\d+)", run.stderr)
        if not said or not counted:
            return None
        if profile:
            listing = subprocess.run(["callgrind_annotate", out], capture_output=True,
                                     text=True, check=False).stdout
            lines = [line for line in listing.splitlines() if "%" in line]
            print("\n".join(line[:110] for line in lines[1:profile + 1]))
        return int(counted.group(1)), int(said.group(1)), int(said.group(2))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--peer", default="mailproto")
    parser.add_argument("--only", default="")
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--profile", type=int, nargs="?", const=12, default=0)
    args = parser.parse_args()
    if not shutil.which("valgrind"):
        print("valgrind is not installed")
        return 77
    bad = 0
    for test, limit in (REAL if args.real else LIMITS).items():
        if args.only not in test:
            continue
        found = measure(args.program, args.peer, test, args.profile)
        if found is None:
            continue
        count, octets, items = found
        over = args.peer == "mailproto" and limit and count > limit * octets
        bad |= bool(over)
        print(f"{test:24} {count / octets:7.2f} an octet {count / items:12.0f} an item"
              + (f"   OVER {limit}" if over else ""), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
