#!/usr/bin/env python3
"""
docs/LIMITS.md against the code: each row's number is that of the constant that it names, its message is one
that the code has, and each message of the code about a limit has a row.

usage: limits.py ROOT
"""
import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
PAGE = (ROOT / "docs/LIMITS.md").read_text(encoding="utf-8")
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
# What says that there is more than is allowed; those of platforms are in docs/TARGETS.md.
LIMIT = re.compile(r"more than (%\w+|[0-9]+) (?!characters)|(?:nested|longer|larger).* than (?:%\w+|[0-9]+)|"
                   r"^too many entries|more addresses than")
NOT_INPUT = re.compile(r"protected networks|zones|the prefix is longer|more than %u rules$|no more than 6 levels|^its %zu")
wrong = []


def sources():
    for folder in ("lib", "backends", "cli"):
        yield from sorted((ROOT / folder).glob("**/*.[ch]"))


def texts_of(path):
    """The strings of a file, those that follow each other joined."""
    joined = re.sub(r'"\s*(?:PRIu64\s*)?"', lambda found: "u" if "PRIu64" in found.group() else "", path.read_text(encoding="utf-8"))
    return [found.group(1) for found in STRING.finditer(joined)]


def plain(text):
    """A message as the page spells it, and a format of printf as the page would."""
    text = re.sub(r"'?%(?:\.\w+)?(?:ll|z)?[sudc]'?|%\.\*s|%u|%zu", "#", text)
    return re.sub(r"'?\.\.\.'?|\bN\b", "#", text).replace("'#'", "#")


def value_of(constant, path):
    text = (ROOT / path).read_text(encoding="utf-8")
    found = re.search(rf"(?:define\s+{constant}\s+|\b{constant}\s*=\s*)(.+?)(?:\s*/\*|,|\}}|$)", text, re.M)
    if not found:
        return None
    words = re.sub(r"\((?:uint64_t|size_t)\)", "", found.group(1)).strip()
    words = re.sub(r"(?<=[0-9])(?:ull|u)\b", "", words)
    return eval(words, {"__builtins__": {}}) if re.fullmatch(r"[0-9()<* ]+", words) else None


def main():
    said = {plain(text) for path in sources() for text in texts_of(path)}
    rows = re.findall(r"^\| (.+?) \| (.+?) \| `(.+?)` \| `(\S+?)` `(\w+)` \|$", PAGE, re.M)
    for what, limit, message, path, constant in rows:
        number = value_of(constant, path)
        if number is None or str(number) not in re.findall(r"[0-9]+", limit):
            wrong.append(f"{what}: the page says {limit}, and {constant} of {path} is {number}")
        if not any(plain(message) in text for text in said):
            wrong.append(f"{what}: no source says '{message}'")
    page = plain(" ".join(PAGE.split()))
    count = 0
    for path in sources():
        for text in texts_of(path):
            if LIMIT.search(text) and not NOT_INPUT.search(text) and "_table" not in path.name:
                count += 1
                if plain(text) not in page:
                    wrong.append(f"the page lacks '{text}' of {path.relative_to(ROOT)}")
    if len(rows) < 30 or count < 25:
        wrong.append(f"there are {len(rows)} rows and {count} messages")
    print("\n".join(wrong))
    return bool(wrong)


sys.exit(main())
