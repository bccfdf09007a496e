"""
What --format prints for each verb, by validators: SARIF and GitLab's report by schemas, JUnit by an
XSD, the commands to GitHub's runner by a reader of these, Markdown by cmark-gfm. In a folder of their
own, with policies whose texts and file names try to break out (hostile.yaml).

What 'diff' tells people is held to the letter: tests/formats/people.text and people.markdown, of old.yaml
and new.yaml.

usage: tests/formats/run [NAME...]
       tests/formats/run --bless all               (make bless-formats TARGET=all)
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
import expected  # noqa: E402
import runner  # noqa: E402

try:
    import jsonschema
except ImportError:
    jsonschema = None

FORMATS = ("markdown", "sarif", "junit", "github", "gitlab")
ODD = "o,d:d %0A[x](y).yaml"  # a name of a file that is not nice to any format
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
CASES = {  # the exit status, and the arguments
    "check-sound": [0, "check", "sound.yaml"],
    "check-broken": [3, "check", "broken.yaml"],
    "check-odd": [3, "check", "./deep/../" + ODD],
    "check-missing": [6, "check", "missing.yaml"],
    "check-quiet": [0, "check", "hostile.yaml", "--quiet"],
    "lint-sound": [0, "lint", "sound.yaml"],
    "lint-hostile": [1, "lint", "hostile.yaml"],
    "lint-broken": [3, "lint", "broken.yaml"],
    "lint-many": [1, "lint", "many.yaml"],
    "lint-most": [1, "lint", "most.yaml"],
    "assert-sound": [0, "assert", "sound.yaml"],
    "assert-hostile": [1, "assert", "hostile.yaml"],
    "verify-sound": [0, "verify", "sound.yaml", "-t", "web", "sound.nft"],
    "verify-hostile": [1, "verify", "hostile.yaml", "-t", "web", ODD + ".nft"],
    "verify-unread": [1, "verify", "sound.yaml", "-t", "web", "unread.nft"],
    "diff-same": [0, "diff", "hostile.yaml", "hostile.yaml"],
    "diff-hostile": [1, "diff", "sound.yaml", "hostile.yaml"],
    "diff-back": [1, "diff", "hostile.yaml", "sound.yaml"],
    "diff-many": [1, "diff", "sound.yaml", "many.yaml"],
}


class Wrong(Exception):
    """Why what a format prints is not right."""


def hold(holds, why):
    if not holds:
        raise Wrong(why)


# ---- files ------------------------------------------------------------------------------------------

def many_flows(count):
    """More findings than a comment, or a step of a workflow, has room for."""
    flows = "".join(f'  - {{name: "flow {i} with a | in its name", source: 198.{i // 62500}.{i // 250 % 250}.{i % 250}, '
                    f"destination: server, protocol: tcp, port: {1000 + i}, purpose: P, ticket: T}}\n" for i in range(count))
    return ("flowrules: 1\nprotects: [server]\nnetworks: {server: [192.0.2.10], unused: [192.0.2.11]}\n"
            f"flows:\n{flows}targets: {{web: {{backend: nftables, direction: ingress}}}}\n")


def make_files(folder):
    for name in ("hostile.yaml", "sound.yaml", "broken.yaml"):
        shutil.copy(HERE / name, folder)
    shutil.copy(HERE / "broken.yaml", folder / ODD)
    (folder / "deep").mkdir()
    (folder / "many.yaml").write_text(many_flows(900), encoding="utf-8")
    (folder / "most.yaml").write_text(many_flows(8400).replace(", purpose: P, ticket: T", ""), encoding="utf-8")
    for policy, name, change in (("sound", "sound.nft", ("", "")), ("hostile", ODD + ".nft", ("dport 53", "dport 54")),
                                 ("sound", "unread.nft", ("tcp dport 443", "meta cpu 3 tcp dport 443"))):
        rules = tool(folder, "render", f"{policy}.yaml", "-t", "web", "--no-map")[1]
        (folder / name).write_text(rules.replace(*change), encoding="utf-8")


def tool(folder, *arguments):
    return expected.run(folder, *arguments, "--as-of", expected.AS_OF)


# ---- SARIF ------------------------------------------------------------------------------------------

def by_schema(name, value):
    if jsonschema is None:
        return
    schema = json.loads((HERE / name).read_text(encoding="utf-8"))
    for error in jsonschema.Draft202012Validator(schema).iter_errors(value):
        raise Wrong(f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")


def multitool(folder, text):
    """The makers' own rules, where npm has their tool."""
    if not shutil.which("sarif-multitool"):
        return
    file = folder / "validated.sarif"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(["sarif-multitool", "validate", "--max-file-size-in-kb", "100000", str(file)], cwd=folder, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})
    said = done.stdout.decode()
    hold(done.returncode == 0 and "Analysis completed successfully" in said, f"the multitool says: {said[-600:]}")
    hold(not re.search(r": error ", said), f"the multitool finds: {said[-600:]}")


def try_sarif(folder, text, status, counts):
    whole = json.loads(text)
    by_schema("sarif.schema.json", whole)
    run = whole["runs"][0]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    prints = [result["partialFingerprints"]["flowrulesFinding/v1"] for result in run["results"]]
    hold(ids == sorted(set(ids)), "its rules are not sorted, or are there twice")
    hold(len(prints) == len(set(prints)), "two results have one fingerprint")
    hold(run["invocations"][0]["exitCode"] == status, "its exit code is another one")
    for result in run["results"]:
        hold(ids[result["ruleIndex"]] == result["ruleId"], "an index of a rule is wrong")
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        hold((folder / unquote(uri)).exists() or uri == "missing.yaml", f"there is no file {uri}")
    left_out = sum(int(number) for number in re.findall(r'"([0-9]+) more findings are left out: ', text))
    hold(len(run["results"]) + left_out == counts[0], f"{len(run['results'])} results, {left_out} left out: not {counts}")
    multitool(folder, text)


# ---- JUnit ------------------------------------------------------------------------------------------

def try_junit(folder, text, status, _counts):
    root = ElementTree.fromstring(text)
    cases = list(root.iter("testcase"))
    for element in (root, root[0]):
        counts = [int(element.get(name)) for name in ("tests", "failures", "errors", "skipped")]
        real = [len(cases)] + [len(list(root.iter(name))) for name in ("failure", "error", "skipped")]
        hold(counts == real, f"it counts {counts}, and has {real}")
    names = {(case.get("classname"), case.get("name")) for case in cases}
    hold(len(names) == len(cases), "two tests have one name, and GitLab shows one of them")
    hold((counts[1] + counts[2] > 0) == (status != 0), "it fails where the verb does not, or the other way")
    hold(not HIDDEN.search("".join(root.itertext())), "it has a character that hides")
    if shutil.which("xmllint"):
        done = subprocess.run(["xmllint", "--noout", "--schema", str(HERE / "junit.xsd"), "-"], input=text.encode(),
                              cwd=folder, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        hold(done.returncode == 0, f"xmllint says: {done.stdout.decode()[:600]}")


# ---- GitLab -----------------------------------------------------------------------------------------

def try_gitlab(folder, text, _status, counts):
    whole = json.loads(text)
    by_schema("gitlab.schema.json", whole)
    prints = [item["fingerprint"] for item in whole]
    hold(len(whole) == counts[1], f"it has {len(whole)} findings and not {counts}")
    hold(len(prints) == len(set(prints)), "two findings have one fingerprint, and GitLab shows one of them")
    for item in whole:
        name = item["location"]["path"]
        hold((folder / name).exists() or name == "missing.yaml", f"there is no file {name}")


# ---- GitHub -----------------------------------------------------------------------------------------

def try_github(folder, text, _status, counts):
    shown = {"error": 0, "warning": 0, "notice": 0}
    logged = 0
    for line in text.splitlines():
        read = runner.read_line(line)
        if read is None:
            logged += not line.startswith("flowrules ")
            hold(re.match(r"(error|warning|note|flowrules [a-z]+): ", line), f"a line of text is {line!r}")
            continue
        command, properties, data = read
        hold(command in shown and line.startswith(f"::{command} "), f"a command that was not meant: {line!r}")
        shown[command] += 1
        logged -= data.endswith(" more are in the log of this step")
        hold(set(properties) <= {"file", "line", "col", "endColumn", "title"}, f"properties {properties}")
        hold("file" not in properties or (folder / properties["file"]).exists() or properties["file"] == "missing.yaml",
             f"there is no file {properties.get('file')!r}")
        hold(not HIDDEN.search(data.replace("\n", "")), f"a character that hides: {data!r}")
        hold(data.count("\n") <= 1, f"more lines than a hint: {data!r}")
    hold(max(shown.values()) <= 10, f"more than a step shows: {shown}")
    hold(sum(shown.values()) + logged == counts[1], f"{shown} and {logged} in the log are not {counts}")


# ---- Markdown ---------------------------------------------------------------------------------------

class Page(HTMLParser):
    """What a page has: its elements, its text that is no code, its rows by their cells."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.names, self.open, self.prose, self.rows = set(), [], "", []

    def handle_starttag(self, tag, attrs):
        hold(not attrs, f"<{tag}> has {attrs}")
        self.names.add(tag)
        if tag == "tr":
            self.rows.append(0)
        elif tag in ("td", "th"):
            self.rows[-1] += 1
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        hold(self.open and self.open.pop() == tag, f"</{tag}> closes something else")

    def handle_data(self, data):
        if "code" not in self.open:
            self.prose += data


ELEMENTS = {"h3", "h4", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "br"}


def try_markdown(folder, text, _status, counts):
    hold(len(text) <= 65000, f"{len(text)} characters are more than a comment has")
    hold(not HIDDEN.search(text.replace("\n", "")), "it has a character that hides")
    rows = [row for row in text.splitlines() if row.startswith("|")]
    tables = sum(set(row) == {"|", "-"} for row in rows)
    left_out = sum(int(number) for number in re.findall(r"^([0-9]+) more findings? (?:are|is) left out here", text, re.M))
    # A row of packets has a line for each difference.
    arrow = re.compile("(?:`|</code>) → (?:`|<code>)")
    found = len(rows) - 2 * tables + sum(len(arrow.findall(row)) - 1 for row in rows if arrow.search(row))
    found += sum(int(number) for number in re.findall(r"<br>and ([0-9]+) more \|", text))
    hold(found + left_out == counts[1], f"{found} findings and {left_out} left out are not {counts}")
    if not shutil.which("cmark-gfm"):
        return
    done = subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough"], cwd=folder,
                          input=text.encode(), check=True, stdout=subprocess.PIPE)
    page = Page()
    page.feed(done.stdout.decode())
    hold(page.names <= ELEMENTS, f"it has the elements {page.names - ELEMENTS}")
    hold(not re.search(r"@\w|#\d|!\d|://\w|www\.", page.prose), "its text names somebody or links to something")
    hold(len(page.rows) == len(rows) - tables, "a row of it is none")
    hold(0 not in page.rows, "a row has no cells")


# ---- cases ------------------------------------------------------------------------------------------

TRIALS = {"sarif": try_sarif, "junit": try_junit, "gitlab": try_gitlab, "github": try_github, "markdown": try_markdown}


def count_found(verb, text, messages):
    """How many findings there are, and of these, that nobody accepts; from JSON and the messages."""
    whole = json.loads(text) if text else {}
    told = len(re.findall(r"^\S.*: (?:error|warning|note): .* \[F[RL][0-9]{4}\]$", messages, re.M))
    if verb == "lint" and text:
        open_ones = sum(finding["reason"] is None for finding in whole["findings"])
        return told + len(whole["findings"]), told + open_ones
    found = told + sum(len(item["findings"]) for item in whole.get("assertions", []))
    lists = ("differences", "doubts", "flows", "fidelity") if verb == "diff" else ("differences", "doubts")
    found += sum(len(whole.get(key, [])) for key in lists)
    found += sum(bool(rule["added"] + rule["removed"] or rule["failed"]) for rule in whole.get("rules", []))
    return found, found


def judge(folder, name, usual, *arguments):
    _, text, messages = tool(folder, *arguments, "--json")
    counts = count_found(arguments[0], text, messages)
    for form in FORMATS:
        status, output, said = tool(folder, *arguments, "--format", form)
        try:
            hold(not expected.broke_down(status, said), expected.broke_down(status, said))
            hold(status == usual, f"its status is {status} and not {usual}: {said[-300:]}")
            hold(form != "github" or not said, f"messages beside the commands: {said[:200]}")
            TRIALS[form](folder, output, status, counts)
            yield "ok", f"{name}-{form}"
        except (Wrong, ValueError, ElementTree.ParseError) as wrong:
            yield "FAIL", f"{name}-{form}", str(wrong), output[:3000]


def mistakes(folder):
    """A wrong command line has no answer, and what is wrong is told: to the runner too."""
    for form in ("text", "json") + FORMATS:
        status, output, said = tool(folder, "verify", "sound.yaml", "sound.yaml", "-t", "nope", "--format", form)
        told, silent = (output, said) if form == "github" else (said, output)
        try:
            hold(status == 2 and not silent and "there is no target 'nope'" in told, f"status {status}: {output}{said}")
            hold(form != "github" or runner.read_line(output.splitlines()[0])[0] == "error", f"it is no command: {output}")
            yield "ok", f"mistake-{form}"
        except Wrong as wrong:
            yield "FAIL", f"mistake-{form}", str(wrong), output[:2000]


# ---- what diff tells people -------------------------------------------------------------------------

def people(hold_to):
    """What diff says of two versions of a policy, to the letter."""
    for form in ("text", "markdown"):
        status, output, messages = tool(HERE, "diff", "old.yaml", "new.yaml", "--format", form)
        yield hold_to(f"people-{form}", HERE / f"people.{form}", f"{output}{messages}exit {status}\n",
                      "bless-formats TARGET=all")


def beside(folder):
    """Standard input takes the place of the file beside which it stands: what it includes, and its lock."""
    place = folder / "place"
    place.mkdir()
    (place / "more.yaml").write_text("networks: {cdn: [cdn.example.com]}\n", encoding="utf-8")
    text = (HERE / "sound.yaml").read_text(encoding="utf-8").replace("protects:", "include: [more.yaml]\nprotects:")
    text = text.replace("source: office", "source: [office, cdn]")
    (place / "policy.yaml").write_text(text.replace("port: 443", "port: 444"), encoding="utf-8")
    (place / "policy.yaml.lock").write_text('{"flowrules-lock": 1, "names": {"cdn.example.com": {"addresses": '
                                            '[{"address": "203.0.113.9", "first-seen": "2026-11-01", '
                                            '"last-seen": "2026-11-01"}]}}}', encoding="utf-8")
    for name, arguments in (("old", ["-", "place/policy.yaml"]), ("new", ["place/policy.yaml", "-"])):
        done = subprocess.run([expected.TOOL, "diff", *arguments, "--as-of", expected.AS_OF, "--json"], cwd=folder, check=False,
                              input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            hold(done.returncode == 1, f"status {done.returncode}: {done.stderr.decode()[:400]}")
            services = {row["service"]: row["change"] for row in json.loads(done.stdout)["differences"]}
            hold(services == {"tcp/443": "denied" if name == "old" else "allowed",
                              "tcp/444": "allowed" if name == "old" else "denied"}, f"it says {services}")
            (rule,) = json.loads(done.stdout)["rules"]
            hold(rule["failed"] is None and rule["added"] > 0, f"it does not know the lock file: {rule}")
            yield "ok", f"beside-{name}"
        except Wrong as wrong:
            yield "FAIL", f"beside-{name}", str(wrong), done.stdout.decode()[:2000]


def missing_tools():
    if jsonschema is None:
        yield "skip", "schemas", "python3-jsonschema is not installed"
    for tool_name, what in (("sarif-multitool", "@microsoft/sarif-multitool, of npm, is"), ("xmllint", "libxml2-utils is"),
                            ("cmark-gfm", "cmark-gfm is")):
        if not shutil.which(tool_name):
            yield "skip", tool_name, f"{what} not installed"


def main(arguments):
    verdicts = expected.Verdicts()
    asked, blessed = expected.read_arguments(arguments, "all")
    if blessed:
        verdicts.try_all(lambda _: list(people(expected.bless)), [None])
        return verdicts.finish("formats")
    names = [name for name in CASES if not asked or any(name.startswith(own) for own in asked)]
    for verdict in missing_tools():
        verdicts.say(*verdict)
    with tempfile.TemporaryDirectory() as own:
        folder = Path(own)
        make_files(folder)
        if not asked:
            verdicts.try_all(list, [people(expected.hold), beside(folder), mistakes(folder)])
        verdicts.try_all(lambda name: list(judge(folder, name, *CASES[name])), names)
    return verdicts.finish("formats")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
