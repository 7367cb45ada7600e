#!/usr/bin/env python3
"""The reference builds, and everything public is documented: Doxygen says so of
functions, types, fields and macros; of enumerators it does not, so they are looked at
here. usage: documentation.py [build folder]"""
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[2]
build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release")

if not shutil.which("doxygen"):
    print("skipped: doxygen is not installed")
    sys.exit(77)
shutil.rmtree(build / "docs/xml", ignore_errors=True)
if subprocess.run(["cmake", "--build", build, "--target", "mailproto_docs"]).returncode:
    sys.exit("FAIL: see above (or MAILPROTO_DOCS is off in this build folder)")

functions = enumerators = failed = 0
for path in sorted((build / "docs/xml").glob("*.xml")):
    root = ET.parse(path).getroot()
    functions += len(root.findall('.//sectiondef/memberdef[@kind="function"]'))
    for value in root.iter("enumvalue"):
        enumerators += 1
        words = [value.find(tag) for tag in ("briefdescription", "detaileddescription")]
        if not any("".join(w.itertext()).strip() for w in words if w is not None):
            print(f"FAIL: the enumerator {value.findtext('name')} is not documented")
            failed = 1
print(f"{functions} functions and {enumerators} enumerators are documented")
sys.exit(failed or (functions == 0))
