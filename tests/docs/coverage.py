#!/usr/bin/env python3
"""
docs/COVERAGE.md of what gcovr found: the lines that the suites reach, by room and backend, and the files of which
they reach least.

usage: coverage.py SUMMARY      (of gcovr --json-summary)
"""
import json
import sys

LEAST = 12  # files that are listed


def part_of(path):
    folder = path.split("/")
    return "/".join(folder[:2]) if folder[0] != "cli" else "cli"


def row(name, lines, covered):
    return f"| {name} | {lines} | {100 * covered / lines:.1f} % |"


def main():
    files = [(file["filename"], file["line_total"], file["line_covered"])
             for file in json.load(open(sys.argv[1], encoding="utf-8"))["files"] if file["line_total"]]
    parts = {}
    for name, lines, covered in files:
        total = parts.setdefault(part_of(name), [0, 0])
        total[0] += lines
        total[1] += covered
    print("# Coverage\n\nThe lines that the quick part of the suites reaches (`make coverage`, which writes this page; "
          "gcovr). Suites\nthat need root, a network or other programs are left out. What is not reached is mostly what "
          "memory that\nruns out leads to: tests/memory reaches it, in programs of its own that are not counted here.\n")
    print("| part | lines | reached |\n|---|---|---|")
    for name, (lines, covered) in sorted(parts.items()):
        print(row(f"`{name}`", lines, covered))
    for title, prefix in (("the core, `lib/`", "lib"), ("`backends/`", "backends"), ("all", "")):
        chosen = [total for name, total in parts.items() if name.startswith(prefix)]
        print(row(f"**{title}**", sum(t[0] for t in chosen), sum(t[1] for t in chosen)))
    print("\nThe files of which least is reached:\n\n| file | lines | reached |\n|---|---|---|")
    for name, lines, covered in sorted(files, key=lambda f: f[2] / f[1])[:LEAST]:
        print(row(f"`{name}`", lines, covered))


main()
