#!/usr/bin/env python3
"""Functions of at most 60 lines and complexity 15, files of at most 700 lines.

Complexity is McCabe's with a switch counted once, as pmccabe gives it first: a switch
over the commands of a protocol is long, not difficult. Exceptions, each with its reason,
stand in complexity_allowed.txt."""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAX_COMPLEXITY, MAX_LINES, MAX_FILE = 15, 60, 700

if not shutil.which("pmccabe"):
    print("skipped: pmccabe is not installed")
    sys.exit(77)

allowed = {}
for line in (ROOT / "tests/checks/complexity_allowed.txt").read_text().splitlines():
    if line and not line.startswith("#"):
        name, _, why = line.partition(" ")
        allowed[name] = why.strip()
errors = [f"complexity_allowed.txt: no reason for {name}"
          for name, why in allowed.items() if not why]

files = sorted(p for top in ("lib", "examples") for p in (ROOT / top).rglob("*.c"))
functions = []
used = set()
if files:
    out = subprocess.run(["pmccabe"] + [p.relative_to(ROOT) for p in files], cwd=ROOT,
                         capture_output=True, text=True, check=True).stdout
    for row in out.splitlines():
        # modified  traditional  statements  first line  lines  file(line): name
        columns = row.split(None, 5)
        place, _, name = columns[5].partition("): ")
        functions.append((int(columns[0]), int(columns[4]), name, place.split("(")[0]))
for complexity, lines, name, place in functions:
    if complexity > MAX_COMPLEXITY or lines > MAX_LINES:
        if name in allowed:
            used.add(name)
        else:
            errors.append(f"{place}: {name}: complexity {complexity}, {lines} lines")
for path in files:
    relative = str(path.relative_to(ROOT))
    lines = len(path.read_text(errors="replace").splitlines())
    if lines > MAX_FILE:
        if relative in allowed:
            used.add(relative)
        else:
            errors.append(f"{relative}: {lines} lines")
errors += [f"complexity_allowed.txt: {n} needs no exception" for n in set(allowed) - used]

for error in errors:
    print("FAIL:", error)
print(f"{len(functions)} functions in {len(files)} files;",
      f"most complex {max(functions)[0]}, longest {max(f[1] for f in functions)} lines"
      if functions else "")
sys.exit(bool(errors))
