#!/usr/bin/env python3
"""The longest stack path through the library, from the compiler's own call graph.

Fails on recursion, on frames whose size is not known, on a path of 2048 bytes or more,
and on indirect calls anywhere but in the functions of indirect_calls.txt: what they call
belongs to the application. memcpy and its likes count as nothing.

usage: stack_bound.py [build folder]"""
import pathlib
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT = 2048
INDIRECT = "__indirect_call"
FLAGS = ["-std=c99", "-DMAILPROTO_BUILDING", "-Iinclude", "-Ilib",
         "-fno-stack-protector", "-fno-pie", "-fstack-usage", "-fcallgraph-info=su", "-c"]


def compile_all(folder, compiler, flags, without=None):
    """Compiles every source; returns the call graph files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def one(source):
        # The whole path in the name: files of the same name stay apart.
        out = folder / ("__".join(source.parts)[:-2] + ".o")
        subprocess.run([compiler, *flags, *FLAGS, source, "-o", out], cwd=ROOT, check=True)
        return out.with_suffix(".ci")

    sources = sorted(p.relative_to(ROOT) for p in (ROOT / "lib").rglob("*.c")
                     if p.parent.name != without)
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, sources))


class Graph:
    """Nodes are global names, and file:name for static functions (gcc writes them so)."""

    def __init__(self, files):
        self.frame, self.calls, self.dynamic = {}, {}, set()
        self.file = {}
        for path in files:
            text = path.read_text()
            for title, label in re.findall(r'node: \{ title: "([^"]+)" label: "([^"]*)"', text):
                size = re.search(r'(\d+) bytes \(([\w,]+)\)', label)
                if size:
                    if title in self.frame:
                        sys.exit(f"FAIL: two functions are called {title}")
                    self.frame[title] = int(size[1])
                    self.file[title] = path.stem
                    # "dynamic,bounded" pushes arguments: its figure is the most it takes.
                    if size[2] == "dynamic":
                        self.dynamic.add(title)
            for caller, callee in re.findall(
                    r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', text):
                self.calls.setdefault(caller, set()).add(callee)

    def indirect_callers(self):
        return {title for title, callees in self.calls.items() if INDIRECT in callees}

    def worst_paths(self, allowance):
        """title -> (bytes, path as text). Raises on a cycle."""
        done = {}

        def visit(title, above):
            if title in above:
                cycle = above[above.index(title):] + [title]
                raise RecursionError(" -> ".join(cycle))
            if title not in done:
                allowed = allowance.get(title, 0)
                best = (allowed, [f"{allowed:5}  (the application's)"] if allowed else [])
                for callee in self.calls.get(title, ()):
                    if callee != INDIRECT:
                        best = max(best, visit(callee, above + [title]))
                own = self.frame.get(title, 0)
                step = [f"{own:5}  {title}"] if own else []
                done[title] = (best[0] + own, step + best[1])
            return done[title]

        for title in self.frame:
            visit(title, [])
        return done


def read_allowed():
    allowed = {}
    for line in (ROOT / "tests/checks/indirect_calls.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, size, _what = line.split(None, 2)
            allowed[name] = int(size)
    return allowed


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release")
    work = build.resolve() / "checks" / "stack_bound"
    if not shutil.which("gcc"):
        print("skipped: gcc is not installed")
        return 77
    errors = []

    # Who calls through a pointer: seen best where nothing is inlined.
    allowed = read_allowed()
    graph = Graph(compile_all(work / "O0", "gcc", ["-O0"]))
    callers = graph.indirect_callers()
    for title in sorted(callers):
        if title not in allowed:
            errors.append(f"{title} calls through a pointer and is not in indirect_calls.txt")
    for name in sorted(set(allowed) - callers):
        errors.append(f"indirect_calls.txt: {name} calls nothing through a pointer")
    # An optimizer moves such a call into other functions of the same file.
    by_file = {}
    for title in callers:
        file = graph.file[title]
        by_file[file] = max(by_file.get(file, 0), allowed.get(title, 0))

    runs = [("gcc -Os", "gcc", ["-Os"], None), ("gcc -O2", "gcc", ["-O2"], None)]
    if shutil.which("arm-none-eabi-gcc"):
        # Where stack is short; without the malloc layer, as firmware is.
        runs.append(("Cortex-M0 -Os", "arm-none-eabi-gcc",
                     ["-Os", "-mcpu=cortex-m0", "-mthumb", "-ffreestanding"], "heap"))
    for name, compiler, flags, without in runs:
        graph = Graph(compile_all(work / name.replace(" ", ""), compiler, flags, without))
        for title in sorted(graph.dynamic):
            errors.append(f"{name}: the frame of {title} has no fixed size")
        allowance = {}
        for title in graph.indirect_callers():
            if graph.file[title] not in by_file:
                errors.append(f"{name}: {title} calls through a pointer")
            allowance[title] = by_file.get(graph.file[title], 0)
        try:
            paths = graph.worst_paths(allowance)
        except RecursionError as cycle:
            errors.append(f"{name}: recursion: {cycle}")
            continue
        if not paths:
            continue
        worst, path = max(paths.values())
        print(f"{name}: worst path {worst} bytes")
        print(*path, sep="\n")
        if worst >= LIMIT:
            errors.append(f"{name}: {worst} bytes of stack, the limit is {LIMIT}")

    for error in errors:
        print("FAIL:", error)
    return bool(errors)


sys.setrecursionlimit(10000)
sys.exit(main())
