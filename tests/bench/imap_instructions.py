#!/usr/bin/env python3
"""Instructions per octet of the IMAP benchmarks, counted by valgrind's callgrind.

    imap_instructions.py <bench_imap> <bench_imap_items>

Exit code 1: one is over its limit, 77: no valgrind.
"""
import re
import shutil
import subprocess
import sys

# What is counted: program, its arguments, the most instructions an octet may cost: an aim of
# docs/performance.md, or a little above what it does cost.
LIMITS = {
    "parse, mixed": (0, ["parse"], 16),
    "parse, syncing": (0, ["parse", "--sync", "1"], 12),
    "typed, mixed": (0, ["typed"], 29),
    "typed, syncing": (0, ["typed", "--sync", "1"], 24),
    "envelope": (1, ["envelope"], 18),
    "bodystructure": (1, ["structure"], 2.5),
}
SIZES = (["--commands", "20000"], ["--scale", "5"])


def measure(program, arguments):
    """Instructions in bench_pass() for each octet."""
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--toggle-collect=bench_pass",
         "--callgrind-out-file=/dev/null", program, "--once"] + arguments,
        capture_output=True, text=True, check=True)
    octets = int(re.search(r"octets (\d+)", run.stdout).group(1))
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1)) / octets


def main():
    programs = sys.argv[1:3]
    if len(programs) != 2:
        sys.exit(__doc__)
    if not shutil.which("valgrind"):
        print("valgrind is not installed")
        return 77
    bad = 0
    for name, (program, arguments, limit) in LIMITS.items():
        found = measure(programs[program], arguments + SIZES[program])
        bad |= found > limit
        print(f"{name:16} {found:6.2f} an octet, at most {limit}"
              + ("   OVER" if found > limit else ""), flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
