"""
What report writes.

  tests/report/NAME.yaml                       a policy, and
  tests/report/NAME.json, NAME.md, NAME.csv    what report writes of it; first.yaml is that of examples/

Of these and of examples/, the report is held against what check, explain, lint, assert and render say
of the same policy: each flow, target, verdict, finding and rule is there, and nothing else. Then hostile
texts, the folder, and the page as a browser shows it (page.py), where there is one.

usage: tests/report/run [NAME...]
       tests/report/run --bless NAME | all               (make bless-report TARGET=...)
"""
import csv
import io
import json
import re
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))
import browser  # noqa: E402
import expected  # noqa: E402
import page  # noqa: E402

EXAMPLES = expected.ROOT / "examples"
KINDS = ("json", "md", "csv")
CASES = {"first": EXAMPLES / "first.yaml", "everything": HERE / "everything.yaml",
         "hostile": HERE / "hostile.yaml"}
WHOLE = [*CASES.values(), EXAMPLES / "kimi-k2.yaml", EXAMPLES / "llm-d.yaml"]


def run(policy, verb, *arguments):
    return expected.run(policy.parent, verb, policy.name, "--as-of", expected.AS_OF, "--quiet", *arguments)


def report(policy, folder, *arguments):
    """The files that are written: name -> bytes."""
    status, output, messages = run(policy, "report", "-o", folder, *arguments)
    if status != 0:
        raise RuntimeError(f"status {status}: {messages}")
    return {file.name: file.read_bytes() for file in Path(folder).iterdir() if not file.name.startswith(".")}


def say(policy, verb, *arguments):
    return json.loads(run(policy, verb, "--json", *arguments)[1])


# ---- to the letter ---------------------------------------------------------------------------------


def judge(name, hold):
    with tempfile.TemporaryDirectory() as folder:
        files = report(CASES[name], folder)
        for kind in KINDS:
            yield hold(f"{name}.{kind}", HERE / f"{name}.{kind}", files[f"report.{kind}"].decode(),
                       f"bless-report TARGET={name}")
        status, printed, _ = run(CASES[name], "report", "--json")
        same = status == 0 and printed == files["report.json"].decode()
        yield ("ok", f"{name}: --json") if same else ("FAIL", f"{name}: --json", "it is not report.json")
    with tempfile.TemporaryDirectory() as folder:
        again = report(CASES[name], folder)
        yield ("ok", f"{name}: again") if again == files else ("FAIL", f"{name}: again", "the bytes differ")


# ---- nothing is left out ---------------------------------------------------------------------------


def rendered_rules(policy, target):
    """(file, line) -> flows, as render tells it."""
    with tempfile.TemporaryDirectory() as folder:
        if run(policy, "render", "-t", target, "-o", folder)[0] != 0:
            return None
        told = json.loads(Path(folder, f"{target}.map.json").read_text(encoding="utf-8"))
        lines, texts = {}, {}
        for rule in told["rules"]:
            text = texts.setdefault(rule["file"], Path(folder, rule["file"]).read_text(encoding="utf-8").split("\n"))
            key = rule["file"], rule["line"], text[rule["line"] - 1].strip(" \t")
            lines.setdefault(key, set()).update(rule["flows"])
    return lines


def reported_rules(data, number):
    lines = {}
    for flow in data["flows"]:
        for rule in (data["rules"][i] for i in flow["verdicts"][number]["rules"]):
            file = data["files"][rule["file"]]
            if file["target"] != number:
                raise ValueError(f"a rule of {file['name']} is given to another target")
            key = file["name"], rule["line"], rule["text"]
            lines.setdefault(key, set()).add(flow["name"])
    return lines


def wrong_rules(policy, data):
    for number, target in enumerate(data["targets"]):
        rules = rendered_rules(policy, target["name"])
        if (rules is not None) != target["rendered"]:
            yield f"{target['name']}: whether it can be rendered"
        known = {(file, line) for file, line, _ in reported_rules(data, number)}
        if rules is not None and (known != {(file, line) for file, line, _ in rules} or any(
                not text.startswith(kept.removesuffix(" ...")) or rules[file, line, text] != flows
                for (file, line, kept), flows in reported_rules(data, number).items()
                for text in [next(t for f, n, t in rules if (f, n) == (file, line))])):
            yield f"{target['name']}: its rules"


def wrong_data(policy, data):
    """What the report says otherwise than the verbs that it sums up."""
    told = say(policy, "check")
    keys = "name", "action", "purpose", "owner", "ticket", "volume", "frequency", "expires", "expired", "tags"
    if [{k: f[k] for k in keys} for f in data["flows"]] != [{k: f[k] for k in keys} for f in told["flows"]]:
        yield "the flows of check"
    if [t["name"] for t in data["targets"]] != [t["name"] for t in told["targets"]]:
        yield "the targets of check"
    rows = [(flow["name"], target["name"], verdict["fidelity"],
             None if verdict["reason"] is None else data["reasons"][verdict["reason"]])
            for number, target in enumerate(data["targets"]) for flow in data["flows"]
            for verdict in [flow["verdicts"][number]]]
    if rows != [(r["flow"], r["target"], r["fidelity"], r["reason"]) for r in say(policy, "explain")["flows"]]:
        yield "the verdicts of explain"
    if data["findings"] != say(policy, "lint")["findings"]:
        yield "the findings of lint"
    if data["zones"] and data["assertions"] != say(policy, "assert")["assertions"]:
        yield "the assertions of assert"
    yield from wrong_rules(policy, data)


def wrong_csv(data, text):
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    if len(rows) != len(data["flows"]):
        yield f"{len(rows)} rows of {len(data['flows'])} flows"
    for row, flow in zip(rows, data["flows"]):
        plain = lambda cell: cell.replace("'", "") if cell else ""
        if plain(row["flow"]).split() != plain(flow["name"]).split() or row["action"] != flow["action"] or \
                (row["from-internet"] == "yes") != flow["outside"]:
            yield f"the row of {flow['name']}"
        for number, target in enumerate(data["targets"]):
            verdict = flow["verdicts"][number]
            lines = sum(int(end or start) - int(start) + 1
                        for start, end in re.findall(r":(\d+)(?:-(\d+))?(?= |$)", row[f"{target['name']}: lines"]))
            if row[target["name"]] != verdict["fidelity"] or lines != len(verdict["rules"]):
                yield f"{flow['name']} on {target['name']}"


def wrong_markdown(data, text):
    def rows(title):
        part = text.split(f"\n## {title}\n")[1].split("\n## ")[0] if f"\n## {title}\n" in text else ""
        return [line for line in part.split("\n") if line.startswith("| ")][1:]

    if len(rows("Flows")) != len(data["flows"]):
        yield "the flows"
    table = rows("How exactly each target expresses each flow")
    words = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[2:-1]] for line in table]
    if data["targets"] and words != [[v["fidelity"] for v in flow["verdicts"]] for flow in data["flows"]]:
        yield "the verdicts"
    if len(rows("Pinned names by age")) != len(data["pins"]):
        yield "the pins"
    if len(rows("Expiries by owner")) != sum(flow["expires"] is not None for flow in data["flows"]):
        yield "the expiries"
    findings = text.split("\n## Findings\n")[1].split("\n## ")[0]
    if findings.count("\n- **") != len(data["findings"]):
        yield "the findings"


def whole(policy):
    with tempfile.TemporaryDirectory() as folder:
        files = report(policy, folder)
    data = json.loads(files["report.json"])
    inside = re.search(rb'<script type="application/json" id="data">(.*?)</script>', files["report.html"], re.S)
    for name, wrong in (("the verbs", wrong_data(policy, data)),
                        ("CSV", wrong_csv(data, files["report.csv"].decode())),
                        ("Markdown", wrong_markdown(data, files["report.md"].decode())),
                        ("the page", [] if json.loads(inside[1]) == data else ["its data"])):
        wrong = list(wrong)
        yield ("FAIL", f"{policy.name}: {name}", "not the same: " + ", ".join(wrong[:5])) if wrong else \
            ("ok", f"{policy.name} against {name}")


# ---- hostile texts ---------------------------------------------------------------------------------

TOKEN = re.compile(r"[=+\-@\uff1d\uff0b\uff0d\uff20]")


def formulas(text):
    """Cells that a spreadsheet would take for a formula, with either separator of cells."""
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            for part in cell.split(";"):
                if TOKEN.match(part.strip(" \t\r\n\"\u00a0")):
                    yield cell


def unescaped(text):
    """Marks of Markdown that stand in a text without a backslash."""
    own = re.sub(r"(?m)^(#+ |- \*\*[a-z]+\*\*|\|(-+\|)+$|  - )", "", text)
    own = own.replace("**deny**", "").replace("**it cannot be rendered**", "").replace("from \\ to", "")
    own = re.sub(r"\\[\\`*_\[\]<|#&~>+=.:-]", "", own)
    return re.findall(r"[`*_\[\]<#&~]|https?:/|www\.|\\(?!\\)", own)


def hostile():
    with tempfile.TemporaryDirectory() as folder:
        files = report(CASES["hostile"], folder)
    text = files["report.html"].decode()
    markup = re.sub(r"(?s)(<style>.*?</style>|<script>.*?</script>)", "", text)
    data = re.search(r'(?s)<script type="application/json" id="data">(.*?)</script>', markup)[1]
    tries = {
        "the data ends where it should": text.count("</script>") == 2 and "<" not in data and "&" not in data,
        "markup has no text of the policy": "hacked" not in markup.replace(data, ""),
        "no control characters": not re.search("[\u0085\u202a-\u202e\u2066-\u2069\ufeff]", text),
        "CSV has no formulas": not list(formulas(files["report.csv"].decode())),
        "a cell that would be one is found": list(formulas('"a;=1"\r\n')) and list(formulas('" =1"\r\n')),
        "Markdown is text": not unescaped(files["report.md"].decode()),
        "Markdown keeps its lines": "\n# heading" not in files["report.md"].decode(),
    }
    for name, good in tries.items():
        yield ("ok" if good else "FAIL", f"hostile: {name}", *([] if good else ["it is not so"]))


# ---- the folder ------------------------------------------------------------------------------------


def folders():
    policy = CASES["first"]
    with tempfile.TemporaryDirectory() as top:
        folder = str(Path(top, "out"))
        run(policy, "render", "-o", folder)
        rendered = {file.name for file in Path(folder).iterdir()}
        report(policy, folder)
        both = {file.name for file in Path(folder).iterdir()}
        yield "beside the rules", both == rendered | {f"report.{kind}" for kind in ("html", *KINDS)}
        run(policy, "render", "-o", folder)
        yield "render leaves it", {file.name for file in Path(folder).iterdir()} == both
        Path(folder, "report.md").write_text("mine\n", encoding="utf-8")
        status, _, messages = expected.run(policy.parent, "report", policy.name, "--as-of", expected.AS_OF, "-o", folder)
        yield "an edit is told", status == 0 and "was edited since flowrules wrote it" in messages
        other = Path(top, "other")
        other.mkdir()
        (other / "report.csv").write_text("mine\n", encoding="utf-8")
        status, _, messages = run(policy, "report", "-o", str(other))
        yield "no foreign file is replaced", status == 6 and "--replace" in messages and \
            [file.name for file in other.iterdir() if not file.name.startswith(".")] == ["report.csv"]
        yield "unless that is asked for", len(report(policy, str(other), "--replace")) == 4
        status, _, messages = run(policy, "report")
        yield "a folder is needed", status == 2 and "-o DIR, or --json" in messages
        status, _, messages = run(policy, "report", "--json", "-o", str(other))
        yield "one of both", status == 2 and "give one of them" in messages
        status, _, messages = run(policy, "report", "--json", "--replace")
        yield "what --replace needs", status == 2 and "needs -o DIR" in messages


def broken_target():
    """A target that cannot be planned refuses its flows, and the others are reported."""
    text = CASES["first"].read_text(encoding="utf-8").replace("protects: [server]\n", "")
    text = text.replace("direction: ingress, interface: outside", "protects: [server]")
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder, "first.yaml")
        policy.write_text(text, encoding="utf-8")
        status, printed, messages = run(policy, "report", "--json")
        data = json.loads(printed)
    lost = data["targets"][0]
    yield "it is told", status == 0 and messages.count("error:") == 2 and lost["problem"] and not lost["rendered"]
    yield "its flows are refused", all(f["verdicts"][0]["fidelity"] == "refused" for f in data["flows"])
    yield "the others are there", all(f["verdicts"][2]["rules"] for f in data["flows"])


def bare():
    """Policies that lack what a report shows."""
    cases = {"no targets": "flowrules: 1\nflows:\n  - {name: a, source: any, destination: 10.0.0.1, protocol: any}\n",
             "no networks": "flowrules: 1\nflows:\n"
                            "  - {name: a, source: 10.0.0.2, destination: 10.0.0.1, protocol: tcp, port: 1}\n"}
    for name, text in cases.items():
        done = expected.subprocess.run([expected.TOOL, "report", "-", "--json", "--as-of", expected.AS_OF],
                                       input=text.encode(), capture_output=True, check=False)
        good = done.returncode == 0 and len(json.loads(done.stdout)["flows"]) == 1
        yield name, good


def schema(verdicts):
    """The data of all policies are as 'schema --of report' says."""
    try:
        import jsonschema
    except ImportError:
        verdicts.say("skip", "schema", "python3-jsonschema is not installed")
        return
    _, text, _ = expected.run(HERE, "schema", "--of", "report")
    validator = jsonschema.Draft202012Validator(json.loads(text))
    for policy in WHOLE:
        wrong = [error.message[:200] for error in validator.iter_errors(say(policy, "report"))]
        verdicts.say("FAIL" if wrong else "ok", f"{policy.name}: schema", *wrong[:1])
    known = set(json.loads(text)["properties"])
    undocumented = set(say(CASES["everything"], "report")) - known
    verdicts.say("FAIL" if undocumented else "ok", "schema: nothing else", *([str(undocumented)] if undocumented else []))


def old_pins():
    """--max-age is told as by render."""
    _, printed, messages = expected.run(EXAMPLES, "report", "kimi-k2.yaml", "--as-of", "2026-12-23", "--max-age", "3", "--json")
    told = [m["target"] for m in json.loads(printed)["messages"] if m["id"] == "FR0410"]
    yield "of each target that pins", "node-nft" in told and "node-nft-dns" not in told
    yield "as a message too", "[FR0410]" in messages


def others(verdicts):
    schema(verdicts)
    for policy in WHOLE:
        for verdict in whole(policy):
            verdicts.say(*verdict)
    for verdict in hostile():
        verdicts.say(*verdict)
    for title, tries in (("folder", folders()), ("a target with a fault", broken_target()), ("bare", bare()), ("old pins", old_pins())):
        for name, good in tries:
            verdicts.say("ok" if good else "FAIL", f"{title}: {name}", *([] if good else ["it is not so"]))


def main(arguments):
    names, blessed = expected.read_arguments(arguments, "NAME or all")
    verdicts = expected.Verdicts()
    hold = expected.bless if blessed else expected.hold
    verdicts.try_all(lambda name: list(judge(name, hold)), [n for n in CASES if not names or n in names])
    if not names and not blessed:
        others(verdicts)
    if not blessed and (not names or "page" in names):
        if browser.find():
            page.try_all(verdicts, CASES, report)
        else:
            verdicts.say("skip", "page", "there is no chromium")
    return verdicts.finish("report")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
