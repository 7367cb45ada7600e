#!/usr/bin/env python3
"""The vectors of other projects that IMAP answers otherwise: the lists in the tests and
docs/differences.md, "IMAP vectors", name the same ones. Arguments: the build folder, which is
not needed."""
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TESTS = ("tests/unit/imap/test_vectors.c", "tests/unit/imap/test_vectors_written.c",
         "tests/interop/test_inspect_imap.py")


def main():
    here = set()
    for name in TESTS:
        text = (SOURCE / name).read_text(encoding="utf-8")
        here |= set(re.findall(r'"imap/([a-z0-9_]+:[0-9a-f]{10})"', text))
        for several in re.findall(r'"imap/([a-z0-9_]+:)" \+ i for i in \(([^)]*)\)', text):
            here |= {several[0] + i for i in re.findall(r'"([0-9a-f]{10})"', several[1])}
    text = (SOURCE / "docs" / "differences.md").read_text(encoding="utf-8")
    part = re.search(r"^### IMAP vectors\n(.*?)(?=^##|\Z)", text, re.S | re.M)
    there = set(re.findall(r"`([a-z0-9_]+:[0-9a-f]{10})`", part.group(1) if part else ""))
    for name in sorted(here ^ there):
        print(f"{name}: only in {'the tests' if name in here else 'the document'}")
    print(f"{len(there)} vectors are listed")
    return 1 if here != there or not there else 0


if __name__ == "__main__":
    sys.exit(main())
