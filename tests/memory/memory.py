"""
Every verb of the tool, with each allocation that has callers of its own failing once (failing.c): the
tool ends as it does without a failure, or with status 6 and "out of memory"; with --json and --format
it answers whole or not at all.

usage: memory.py TOOL PRELOADED FOLDER POLICY MOST verbs|writing    (FOLDER holds the policy)
"""
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

TOOL, PRELOADED, FOLDER, POLICY, MOST, WHAT = sys.argv[1:7]
QUESTION = "tcp 192.0.2.1 -> 198.51.100.10:443"
VERBS = f"""
check {POLICY}
check {POLICY} --json
check {POLICY} --diagnostics=json
check broken.yaml
explain {POLICY}
explain {POLICY} --json
explain FR0508 --json
lint {POLICY}
lint {POLICY} --json
lint {POLICY} --format markdown
lint {POLICY} --format sarif
lint {POLICY} --format junit
lint {POLICY} --format github
lint {POLICY} --format gitlab
check broken.yaml --format junit
check {POLICY} --format github
query {POLICY} '{QUESTION}'
query {POLICY} '{QUESTION}' --json
assert {POLICY} --assertions assertions.yaml
assert {POLICY} --assertions assertions.yaml --json
assert {POLICY} --assertions assertions.yaml --format sarif
assert {POLICY} --assertions assertions.yaml --format junit
assert {POLICY} --assertions assertions.yaml --format gitlab
assert {POLICY} --assertions assertions.yaml --format markdown
assert {POLICY} --assertions assertions.yaml --format github
report {POLICY} --json --assertions assertions.yaml
assert {POLICY} --assertions assertions.yaml -t TARGET RENDERED
assert {POLICY} --assertions assertions.yaml --json -t TARGET RENDERED
render {POLICY} --print
render {POLICY} -t TARGET
verify {POLICY} -t TARGET RENDERED
verify {POLICY} -t TARGET RENDERED --json
diff {POLICY} {POLICY} --json
diff {POLICY} other.yaml --format markdown
diff {POLICY} other.yaml --format gitlab
diff {POLICY} other.yaml --format sarif
diff {POLICY} other.yaml --format junit
diff {POLICY} other.yaml --format github
verify {POLICY} -t TARGET RENDERED --format markdown
diff 'nftables=RENDERED & nftables=RENDERED' 'nftables=RENDERED & nftables=RENDERED [from eth1]' --json
import nftables RENDERED
import csv request.csv --map map.yaml --networks networks.yaml
import markdown request.md --map map.yaml
import xlsx book.xlsx --map map.yaml
probe {POLICY}
probe {POLICY} --json
probe {POLICY} --format kubernetes
init -
explain FR0508
probe asserting.yaml --assertions
fmt --check {POLICY}
fmt --check messy.yaml
targets
targets --json
schema
schema --of explain
help --json
complete -- render --t
resolve {POLICY} --check --server 127.0.0.1:9 --timeout 0.1 --tries 1
resolve {POLICY} --check --assertions assertions.yaml --server 127.0.0.1:9 --timeout 0.1 --tries 1
resolve {POLICY} --check --json --server 127.0.0.1:9 --timeout 0.1 --tries 1
""".strip().splitlines()
ASSERTIONS = """flowrules: 1
networks: {here: 192.0.2.0/24, cdn: [cdn.example.net, "*.example.org"]}
services: {web: {protocol: tcp, port: [80, 443]}}
zones: {here: here, cdn: cdn, outside: all-else}
matrix: {outside: {here: web}}
assertions:
  - never: {source: {except: here}, destination: here, service: web}
    exception: {flow: web, until: 2027-01-31, source: any, destination: 192.0.2.1}
  - only: {source: outside, destination: here, service: web}
  - must: {source: any, destination: here, service: web}
"""
PROBED = """
assertions:
  - must: {source: any, destination: 192.0.2.10, protocol: tcp, port: 443}
  - never: {source: any, destination: {except: 192.0.2.10}, protocol: tcp, port: 23}
"""
MESSY = """flowrules:    1
x: &a [1,2]
flows:
- destination: any   # here
  purpose: |
      a
       b

  source:  "web"
  # above
  name: 'a'
- {port: 1, name: b, x: *a }
"""
REQUEST = """Source;Destination;Service;Zone;Until
"192.0.2.1, old";https://a.example.net:8443/;;x;31.12.2027
192.0.2.0 255.255.255.0;any;"https, 53/udp";;
8.8.8.8 or others;any;http;;
"""
DOCUMENT = """# Shop
- **Source**: old
## Mail (optional)
- Destination:
  - a.example.net
- Protocol: TCP
- Port: 25

| Destination | Service |
|---|---|
| b.example.net | https |

Please open all ports.
"""
PARTS = {
    "xl/workbook.xml": '<w xmlns:r="r"><sheets><sheet name="A" r:id="a"/></sheets></w>',
    "xl/_rels/workbook.xml.rels": '<r><Relationship Id="a" Target="a.xml"/></r>',
    "xl/sharedStrings.xml": "<s><si><t>Source</t></si><si><t>Destination</t></si><si><t>Service</t></si></s>",
    "xl/styles.xml": '<s><numFmts><numFmt numFmtId="164" formatCode="dd"/></numFmts><cellXfs><xf numFmtId="164"/>'
                     "</cellXfs></s>",
    "xl/a.xml": '<s><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s">'
                '<v>2</v></c></row><row r="2"><c r="A2" t="str"><f>1</f><v>old</v></c><c t="inlineStr"><is><t>any</t>'
                '</is></c><c t="str"><v>tcp/1</v></c></row><row r="3"><c r="B3" t="str"><v>any</v></c></row>'
                '</sheetData><mergeCells><mergeCell ref="A2:A3"/><mergeCell ref="C2:C3"/></mergeCells></s>',
}
MAP = """flowrules-map: 1
columns: {Source: source, Destination: destination, Service: service, Until: expires}
names: {old: [198.51.100.1]}
defaults: {owner: team}
"""
# What is written, and what makes the old files that it replaces.
WRITING = {f"render {POLICY} -o out": "render other.yaml -o out -q --replace",
           f"render {POLICY} -o out --json": "render other.yaml -o out -q --replace",
           f"report {POLICY} -o out -q": "report other.yaml -o out -q --replace",
           "fmt out/p.yaml": None,
           "init out/p.yaml": None}
counts = {"passed": 0, "failed": 0}


def told(name, wrong, note=""):
    counts["failed" if wrong else "passed"] += 1
    print(f"FAIL {name}: {wrong[0]}" if wrong else f"ok {name}{note}", flush=True)
    for more in wrong[1:6]:
        print(f"    {more}")


def environment(**more):
    return {**os.environ, "LC_ALL": "C", "LD_PRELOAD": PRELOADED, **more}


def run(arguments, out, err, **more):
    """The status; what is printed goes into files, where a child finds what its parent has written."""
    with open(out, "w+b") as stdout, open(err, "w+b") as stderr:
        return subprocess.run([TOOL, *arguments, "--as-of", "2026-11-23"], cwd=FOLDER, check=False,
                              stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                              env=environment(**more)).returncode


def whole(text):
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def judge(arguments, usual, ended, output, messages):
    """Why a run with a failure is wrong, or None. usual: status, output and messages without one."""
    if (ended, output, messages) == usual:
        return None
    if ended < 0 or ended > 6:
        return f"it ends with {ended}"
    if ended != 6 or b"out of memory" not in messages:
        return f"status {ended}, {messages[-300:]!r}, {len(output)} of {len(usual[1])} bytes"
    if "--format" in arguments and output not in (b"", usual[1]):
        return f"its answer is cut, or another one: {output[-80:]!r}"
    if "--json" in arguments and output and not whole(output):
        return f"its answer is cut: {output[-80:]!r}"
    return None


def try_verb(line):
    arguments = shlex.split(line)
    wrong = []
    with tempfile.TemporaryDirectory() as own:
        ends, out, err = (os.path.join(own, name) for name in ("ends", "stdout", "stderr"))
        status = run(arguments, out, err, FAILING_OUT=own, FAILING_MOST=MOST)
        usual = status, Path(out).read_bytes(), Path(err).read_bytes()
        if status > 5:
            wrong.append(f"without a failure it ends with {status}: {usual[2][-300:]!r}")
        tried = [line.split() for line in Path(ends).read_text(encoding="ascii").splitlines()]
        for number, ended in tried:
            one, other = (Path(own, f"{number}.{end}").read_bytes() for end in ("out", "err"))
            why = judge(arguments, usual, int(ended), one, other)
            if why:
                wrong.append(f"allocation {number}: {why}")
    told(line, wrong if tried else ["nothing was tried"], f", {len(tried)} allocations")


def files_in(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()
            if not path.name.startswith(".")} if folder.exists() else {}


def make_old(line, before, out, err):
    """The old files: of an earlier run; or the one that is replaced, or none."""
    if before:
        run(shlex.split(before), out, err)
        return
    shutil.rmtree(Path(FOLDER, "out"), ignore_errors=True)
    Path(FOLDER, "out").mkdir()
    if line.startswith("fmt"):
        Path(FOLDER, "out", "p.yaml").write_text(MESSY, encoding="utf-8")


def try_writing(line, before):
    """Each time over the old set: it is the new one, told as done, or the old one, told as not."""
    arguments = shlex.split(line)
    folder, old, new, wrong, tried = Path(FOLDER, "out"), {}, {}, [], 0
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as own:
        out, err = os.path.join(own, "stdout"), os.path.join(own, "stderr")
        make_old(line, before, out, err)
        run([*arguments, "--replace"] if before else arguments, out, err)
        usual, new = Path(out).read_bytes(), files_in(folder)
        for number in range(1, 100000, 1 if MOST == "0" else 3):
            make_old(line, before, out, err)
            old = files_in(folder)
            status = run(arguments, out, err, FAILING_AT=str(number))
            output, messages = Path(out).read_bytes(), Path(err).read_bytes()
            tried += 1
            found = files_in(folder)
            if status == 0 and (found != new or output != usual):
                wrong.append(f"allocation {number}: status 0, and {'the answer' if found == new else 'the files'} differ")
            elif status == 6 and (found != old or b"out of memory" not in messages):
                wrong.append(f"allocation {number}: status 6, {messages[-200:]!r}, "
                             f"the files are {'new' if found == new else 'old' if found == old else 'mixed'}")
            elif status not in (0, 6):
                wrong.append(f"allocation {number}: status {status}, {messages[-200:]!r}")
            if b"no allocation failed" in messages:
                break
    told(line, wrong if old != new else ["the sets are one"], f", {tried} allocations")


def main():
    first = Path(FOLDER, POLICY).read_text(encoding="utf-8")
    Path(FOLDER, "other.yaml").write_text(first.replace("443", "8443"), encoding="utf-8")
    asserted = first if "\nassertions:" in first else first + PROBED
    Path(FOLDER, "asserting.yaml").write_text(asserted, encoding="utf-8")
    Path(FOLDER, "messy.yaml").write_text(MESSY, encoding="utf-8")
    Path(FOLDER, "request.csv").write_text(REQUEST, encoding="utf-8")
    Path(FOLDER, "request.md").write_text(DOCUMENT, encoding="utf-8")
    with zipfile.ZipFile(Path(FOLDER, "book.xlsx"), "w") as book:
        for name, text in PARTS.items():
            book.writestr(name, text)
    Path(FOLDER, "map.yaml").write_text(MAP, encoding="utf-8")
    Path(FOLDER, "assertions.yaml").write_text(ASSERTIONS, encoding="utf-8")
    Path(FOLDER, "broken.yaml").write_text(first.replace("protocol:", "protcol:"), encoding="utf-8")
    target = [line.split(":")[0].strip() for line in first.splitlines() if "backend: nftables" in line][0]
    with tempfile.TemporaryDirectory() as own:
        rendered = os.path.join(FOLDER, "rendered.nft")
        if run(["render", POLICY, "-t", target, "--no-map"], rendered, os.path.join(own, "err")) != 0:
            raise SystemExit("the policy is not rendered")
    for line in VERBS if WHAT == "verbs" else []:
        try_verb(line.replace("TARGET", target).replace("RENDERED", "rendered.nft"))
    for line, before in WRITING.items() if WHAT == "writing" else []:
        try_writing(line, before)
    print("%(passed)d passed, %(failed)d failed, 0 skipped" % counts)
    sys.exit(1 if counts["failed"] else 0)


main()
