#!/usr/bin/env python3
"""What docs/rfc-coverage.md names is there: source files, test files, and the tests of a
file that stand in parentheses behind its name."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    text = (ROOT / "docs" / "rfc-coverage.md").read_text(encoding="utf-8")
    names = set(re.findall(r"`([\w/*.-]+\.(?:c|py|txt))`", text))
    folders = [ROOT / "lib", ROOT / "tests", ROOT / "examples"]
    missing = [name for name in sorted(names) if not name.startswith("_") and
               not next(ROOT.glob(name), None) and
               not any(next(folder.rglob(name), None) for folder in folders)]
    for name, inside in re.findall(r"`([\w/]*test_\w+\.c)` \(([a-z0-9_, ]+)\)", text):
        path = next((ROOT / "tests").rglob(pathlib.Path(name).name))
        tests = re.findall(r"cmocka_unit_test\((?:test_)?(\w+)\)",
                           path.read_text(encoding="utf-8"))
        missing += [f"{name}: {word}" for word in inside.split(", ")
                    if not any(test.startswith(word) for test in tests)]
    print(f"{len(names)} files named; missing: {', '.join(missing) or 'none'}")
    return 1 if missing or len(names) < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
