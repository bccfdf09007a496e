#!/usr/bin/env python3
"""
Many configurations are others but for a few lines. Such a one is written as what differs:

  tests/read/BACKEND/FILE.edit   a unified diff below "--- BASE", the path in tests/read/BACKEND of
                                 a file that is there; without lines, the same file once more
  tests/read/BACKEND/bases/*     files that no case reads as they are, for others to be edits of

For a new one, write FILE whole, then: diff -U1 BASE FILE >FILE.edit; rm FILE

usage: tests/read/edits.py FOLDER [BACKEND...]   puts tests/read there, with every FILE whole
"""
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASES = "bases"
END = ".edit"
NO_NEWLINE = b"\\ No newline at end of file\n"


class Misfit(Exception):
    """An edit that can't be made."""


def lines_of(text):
    """By newlines alone: what else ends lines somewhere is part of a configuration."""
    return re.findall(rb"[^\n]*\n|[^\n]+\Z", text)


def hunks_of(lines):
    """Each (line at which it is, counted from 0; the lines that are there; those in their place)."""
    found, last = [], b""
    for line in lines:
        head = re.match(rb"@@ -(\d+)(?:,(\d+))? ", line)
        if head:
            found.append((int(head[1]) - (head[2] != b"0"), [], []))
            continue
        if not found:
            raise Misfit("it does not begin with '@@'")
        _, old, new = found[-1]
        if line == NO_NEWLINE:
            for side in ([old] if last == b"-" else [new] if last == b"+" else [old, new]):
                side[-1] = side[-1][:-1]
            continue
        last = line[:1]
        if last not in (b" ", b"-", b"+"):
            raise Misfit(f"a line that is neither of the base nor new: {line!r}")
        if last != b"+":
            old.append(line[1:])
        if last != b"-":
            new.append(line[1:])
    return found


def edited(base, edit):
    """The base with an edit made: each hunk at its line, or next to it, where the base has changed."""
    lines, moved = lines_of(base), 0
    for at, old, new in hunks_of(lines_of(edit)[2:]):
        places = sorted(range(len(lines) - len(old) + 1), key=lambda place: abs(place - at - moved))
        place = next((place for place in places if lines[place:place + len(old)] == old), None)
        if place is None:
            raise Misfit(f"the base has no such lines: {b''.join(old)!r}")
        lines[place:place + len(old)] = new
        moved = place - at + len(new) - len(old)
    return b"".join(lines)


def whole(backend, file):
    """The file that an edit is written for."""
    text = file.read_bytes()
    head = re.match(rb"--- ([^\t\n]+)", text)
    base = backend / head[1].decode() if head else None
    if base is None or not base.is_file():
        raise Misfit("it does not begin with '--- BASE', a file of the backend's folder")
    if file.with_suffix("").exists():
        raise Misfit("the file is there, too")
    return edited(base.read_bytes(), text)


def materialize(folder, backends):
    """Puts the backends' folders there, with every file whole. Returns {edit: why it can't be}."""
    wrong = {}
    for name in backends:
        shutil.copytree(HERE / name, folder / name,
                        ignore=shutil.ignore_patterns(BASES, f"*{END}"))
        for file in sorted((HERE / name).rglob(f"*{END}")):
            try:
                made = folder / file.relative_to(HERE).with_suffix("")
                made.parent.mkdir(exist_ok=True)
                made.write_bytes(whole(HERE / name, file))
            except Misfit as problem:
                wrong[file.relative_to(HERE)] = str(problem)
    return wrong


def all_backends():
    return sorted(file.parent.name for end in ("yaml", "net", "yml") for file in HERE.glob(f"*/policy.{end}"))


def main(arguments):
    if not arguments:
        raise SystemExit(__doc__)
    folder, *names = arguments
    wrong = materialize(Path(folder), names or all_backends())
    for file, why in wrong.items():
        print(f"{file}: {why}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
