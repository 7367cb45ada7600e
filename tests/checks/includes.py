#!/usr/bin/env python3
"""Every #include in lib/ and include/ against the list of what may use what."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Folder of lib/ -> the folders whose internal headers it may include, besides its own.
FOLDERS = {
    "core": (),
    "wire": ("core",),
    "codec": ("core",),
    "sasl": ("codec", "core"),
    "message": ("codec", "wire", "core"),
    "smtp": ("wire", "codec", "core"),
    "pop3": ("wire", "codec", "core"),
    "imap": ("message", "wire", "codec", "core"),
    "pump": (),
    "heap": (),
}
SYSTEM = {"stddef.h", "stdint.h", "limits.h"}
# The vector paths, and the question whether the processor has them.
SYSTEM_OF = {"heap": {"stdlib.h"}, "codec": {"immintrin.h", "cpuid.h"},
             "message": {"immintrin.h"}}
# Public headers that belong to somebody: the others are for all. The pump and the heap
# stand above everything.
PUBLIC_OF = {
    "sasl.h": {"sasl"},
    "pump.h": set(),
    "smtp.h": {"smtp"},
    "pop3.h": {"pop3"},
    "imap.h": {"imap"},
    "imap_fetch.h": {"imap"},
    "imap_respond.h": {"imap"},
    "imap_search.h": {"imap"},
    "imap_server.h": {"imap"},
    "message.h": {"message", "imap"},
    "compose.h": {"message"},
    "mailproto.h": set(),
}

errors = []


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*(\S.*)', line)
        if found:
            name = re.match(r'[<"]([^>"]+)[>"]', found[1])
            yield number, name[1] if name else found[1]


def reason_against(folder, name):
    top, _, rest = name.partition("/")
    if top == "mailproto" and rest:
        if rest == "mailproto.h":
            return "the umbrella header is for applications"
        if folder in ("pump", "heap") or folder in PUBLIC_OF.get(rest, {folder}):
            return None
        return "this public header belongs to another folder"
    if not rest:
        if name in SYSTEM | SYSTEM_OF.get(folder, set()):
            return None
        return "not a header this folder may use (internal ones: \"folder/name.h\")"
    if top == folder or top in FOLDERS[folder]:
        return None
    others = ", ".join(FOLDERS[folder]) or "public headers"
    return f"lib/{folder} may include {others} only"


count = 0
for path in sorted((ROOT / "lib").rglob("*.[ch]")):
    folder = path.relative_to(ROOT / "lib").parts[0]
    if folder not in FOLDERS:
        errors.append(f"{path.relative_to(ROOT)}: no such folder in the design")
        continue
    for number, name in includes(path):
        count += 1
        why = reason_against(folder, name)
        if why:
            errors.append(f"{path.relative_to(ROOT)}:{number}: {name}: {why}")
for path in sorted((ROOT / "include").rglob("*.h")):
    for number, name in includes(path):
        count += 1
        if not name.startswith("mailproto/") and name not in ("stddef.h", "stdint.h"):
            errors.append(f"{path.relative_to(ROOT)}:{number}: {name}: not in a public header")

for error in errors:
    print("FAIL:", error)
print(count, "includes looked at")
sys.exit(bool(errors))
