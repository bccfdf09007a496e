"""
The page tests/golden/MATRIX.md: for each capability of each backend its value, and the golden cases
that exercise it, as build/matrix finds them (matrix.c).

usage: tests/matrix/matrix.py              writes the page, which takes some minutes: make matrix
       tests/matrix/matrix.py --check      holds the page against the records and cases
       tests/matrix/matrix.py --members    the members of struct flowrules_capabilities, for matrix.c
"""
import re
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))
import suite  # noqa: E402

ROOT = suite.HERE.parents[1]
PAGE = suite.HERE / "MATRIX.md"
HEADER = ROOT / "include/flowrules/backend.h"
SHOWN = 3  # cases of a cell

HEAD = """\
# Which golden case exercises which capability

`make matrix` writes this page from the records of the backends (`struct flowrules_capabilities`,
include/flowrules/backend.h) and the cases of this folder. A case exercises a capability of a backend if what is
written or said of a target differs once the record says something else. "-" is no, none or no limit. A column
is a backend, or a format with a record of its own. Without a case are those that make no difference beside the
others, as limits of what a backend never writes, and those that a policy is refused for as it is read, which
tests/errors has.
"""


def members():
    """(name, kind, most) of each member of the struct, in order."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    enums = {name: body.count(",") + (not body.rstrip().endswith(","))
             for name, body in re.findall(r"enum (\w+) \{(.*?)\}", text, re.S)}
    kinds = {"bool": "TRUTH", "unsigned": "NUMBER", "size_t": "COUNT", "const char": "TEXT"}
    body = re.search(r"struct flowrules_capabilities \{(.*?)\};", text, re.S)[1]
    for declaration in filter(str.strip, body.split(";")):
        kind, names = re.fullmatch(r"((?:const )?(?:struct |enum )?\w+)\s(.*)", declaration.strip(),
                                   re.S).groups()
        for name in names.replace(" ", "").replace("\n", "").split(","):
            word, most = kinds.get(kind, "LIST"), 0
            if kind.startswith("enum "):
                word, most = "CHOICE", enums[kind.removeprefix("enum ")] - 1
            elif name in ("families", "packets", "baseline"):
                word = "BITS"
            yield name.lstrip("*"), word, most


def values():
    """{(column, member): value}, in the order of the columns."""
    done = subprocess.run([suite.expected.BUILD / "matrix"], check=True, stdout=subprocess.PIPE, text=True)
    return {(column, member): value.replace("|", "/") for column, member, value in
            (line.split("\t") for line in done.stdout.splitlines())}


def lines_of(columns):
    """What each case renders, as lines for matrix.c."""
    formats = suite.formats_of_backends()
    for case in map(suite.Case, suite.case_names()):
        for spec in case.specs(formats):
            spelling = spec.option.partition(":")[2]
            own = f"{spec.backend}:{spelling}"
            column = own if own in columns else spec.backend
            yield f"{column}\t{case.name}\t{case.policy}\t{spec.option}\n"


def exercised(columns):
    """{(column, member): cases}."""
    text = "".join(lines_of(columns))
    found = defaultdict(list)

    def run(column):
        return subprocess.run([suite.expected.BUILD / "matrix", column], check=True, input=text,
                              stdout=subprocess.PIPE, text=True).stdout

    with ThreadPoolExecutor(2) as pool:
        for output in pool.map(run, columns):
            for line in output.splitlines():
                column, member, case = line.split("\t")
                found[column, member].append(case)
    return found


def table(columns, rows):
    yield "| capability | " + " | ".join(columns) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    for name, cells in rows:
        yield f"| {name} | " + " | ".join(cells) + " |"


def cell(value, cases):
    more = ", ..." if len(cases) > SHOWN else ""
    return f"{value}: {', '.join(cases[:SHOWN])}{more}" if cases else value


def page(value, found):
    """The lines of the page."""
    columns = list(dict.fromkeys(column for column, _ in value))
    names = [name for name, _, _ in members()]
    yield HEAD
    yield from table(columns, [(name, [cell(value[column, name], found[column, name]) for column in columns])
                               for name in names])


def untried(found):
    """The members that no case exercises on any backend."""
    tried = {member for (_, member), cases in found.items() if cases}
    return [name for name, kind, _ in members() if kind != "COUNT" and name not in tried]


def read_page():
    """{(column, member): (value, cases)} of the page, in its order."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in PAGE.read_text().splitlines() if line.startswith("|")]
    found = {}
    for name, *cells in rows[2:]:
        for column, text in zip(rows[0][1:], cells):
            value, _, cases = text.partition(": ")
            found[column, name] = value, cases.split(", ") if cases else []
    return found


def faults(told, found):
    """What the page says wrongly of the cases."""
    for key, (_, cases) in told.items():
        column, member = key
        for case in cases:
            if case != "..." and case not in found[key]:
                yield f"{case} does not exercise {member} of {column}"
        if found[key] and not cases:
            yield f"{found[key][0]} exercises {member} of {column}"
    for name in untried(found):
        yield f"no case exercises {name} on any backend"


def check():
    """Holds the page against the records, and in the slow part against what the cases exercise."""
    verdicts = suite.expected.Verdicts()
    value, told = values(), read_page()
    by_member = {(column, name): value[column, name] for name, _, _ in members()
                 for column in dict.fromkeys(column for column, _ in value)}
    same = list(by_member.items()) == [(key, text) for key, (text, _) in told.items()]
    verdicts.say(*(("ok", "values") if same else ("FAIL", "values", "the page is stale: make matrix")))
    for case in sorted({case for _, cases in told.values() for case in cases} - {"..."}):
        known = case in suite.case_names()
        verdicts.say(*(("ok", case) if known else ("FAIL", case, "the page names it, and it is no case")))
    if suite.expected.PART != "quick":
        wrong = list(faults(told, exercised(list(dict.fromkeys(column for column, _ in value)))))
        verdicts.say(*(("FAIL", "cases", "the page is stale: make matrix", "\n".join(wrong)) if wrong else
                       ("ok", "cases")))
    return verdicts.finish("matrix")


def main(arguments):
    if arguments == ["--members"]:
        for member in members():
            print("MEMBER({}, {}, {})".format(*member))
    elif arguments == ["--check"]:
        return check()
    else:
        value = values()
        found = exercised(list(dict.fromkeys(column for column, _ in value)))
        PAGE.write_text("\n".join(page(value, found)) + "\n")
        for name in untried(found):
            print(f"no case exercises {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
