"""Holds the JSON Schema of `flowrules schema` and the reader together: what the tool finds sound
passes the schema, and what is wrong in a way that a schema can say does not.

usage: check.py FLOWRULES FOLDER-FOR-FILES
"""
import copy
import json
import pathlib
import re
import subprocess
import sys

import jsonschema
import yaml

TOOL, SCRATCH = sys.argv[1], pathlib.Path(sys.argv[2])
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
AS_OF = "2026-11-23"
counts = {"ok": 0, "FAIL": 0}


def tell(good, name, why=""):
    word = "ok" if good else "FAIL"
    counts[word] += 1
    print(f"{word} {name}" + ("" if good else f": {why}"), flush=True)


# ---- YAML as its version 1.2 has it, which is what editors go by ------------------------------


class Loader(yaml.CSafeLoader):
    """By libyaml, as the tool. No timestamps, no on and off, no base 60: what YAML 1.1 alone took for something else."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
                            ("bool", r"^(?:true|false)$", "tf"),
                            ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
                            ("float", r"^[-+]?[0-9]*\.[0-9]+$", "-+.0123456789"),
                            ("merge", r"^<<$", "<")):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern),
                                 ["" if c == "\0" else c for c in first])
Loader.add_constructor("tag:yaml.org,2002:int",
                       lambda loader, node: int(node.value) if len(node.value) < 20 else node.value)


def load(text):
    """The document as JSON has it: keys are strings."""
    return json.loads(json.dumps(yaml.load(text, Loader)))


def schema(*options):
    out = subprocess.run([TOOL, "schema", *options], check=True, stdout=subprocess.PIPE).stdout
    told = json.loads(out)
    jsonschema.Draft202012Validator.check_schema(told)
    return jsonschema.Draft202012Validator(told)


POLICY, INCLUDED = schema(), schema("--included")


def objections(document, validator=POLICY):
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}"
            for e in validator.iter_errors(document)]


def judge(path, folder=None):
    """The tool's status and the numbers of its errors."""
    done = subprocess.run([TOOL, "check", "--diagnostics", "json", "--as-of", AS_OF, str(path)],
                          cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    told = json.loads(done.stderr)["messages"]
    return done.returncode, {m["id"] for m in told if m["severity"] == "error"}


# ---- what is sound -----------------------------------------------------------------------------

sound = sorted([*ROOT.glob("examples/*.yaml"), *ROOT.glob("tests/golden/*/policy.yaml")])
for path in sound:
    document = load(path.read_text())
    wrong = objections(document, POLICY if "flows" in document else INCLUDED)
    tell(not wrong, str(path.relative_to(ROOT)), wrong[:3])
for path in sorted(ROOT.glob("docs/*.md")):
    blocks = re.findall(r"^```yaml\n(flowrules: 1\n.*?)^```", path.read_text(), re.S | re.M)
    for number, block in enumerate(blocks, 1):
        wrong = objections(load(block))
        tell(not wrong, f"{path.relative_to(ROOT)}, policy {number}", wrong[:3])

# ---- what is not -------------------------------------------------------------------------------

# Errors of structure: an unknown key, one that is missing, a wrong kind of value, an unknown word,
# another version, a word's form, what can't stand in an included file, no such backend or setting.
STRUCTURAL = {"FR0201", "FR0203", "FR0204", "FR0205", "FR0207", "FR0210", "FR0213", "FR0501",
              "FR0502", "FR0504", "FR0505", "FR0506"}
# Where the number is structural, and yet the schema can't know; each with its reason.
BEYOND = {
    "include-errors": "the errors are in the file that it includes",
    "include-content": "the errors are in the file that it includes",
    "include-link": "the errors are in the file that it includes",
    "machine-forward": "a setting that the value of another one makes pointless",
    "machine-name": "a setting that needs to know what is protected",
    "zones-own": "zones of the target's own, for which another setting asks",
    "asa-own": "interfaces of the target's own, for which another setting asks",
}
errors = ROOT / "tests" / "errors"
seen = set()
for path in sorted([*errors.glob("*.yaml"), *errors.glob("*/policy.yaml")]):
    name = path.stem if path.parent == errors else path.parent.name
    status, numbers = judge(path)
    if any(number.startswith("FR01") for number in numbers):
        continue  # no document, or one that unfolds without end: nothing for a schema to look at
    try:
        document = load(path.read_text())
    except yaml.YAMLError:
        continue  # keys that are no texts, say
    wrong = objections(document)
    seen |= numbers & STRUCTURAL
    if status == 0:
        tell(not wrong, f"{name} is sound", wrong[:3])
    elif numbers & STRUCTURAL and name not in BEYOND:
        tell(bool(wrong), f"{name} is refused", f"the schema takes it, the tool tells {numbers}")
tell(seen >= STRUCTURAL - {"FR0502", "FR0506"}, "the numbers of structure were seen",
     STRUCTURAL - seen)

# ---- what is nearly sound ----------------------------------------------------------------------


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def changed(document):
    """The document with one thing changed, in many ways."""
    for path in places(document):
        for change in ("drop", "number", "list", "mapping", "text", "unknown"):
            if not path and change != "unknown":
                continue
            result = copy.deepcopy(document)
            whole = at(result, path[:-1]) if path else result
            if change == "drop":
                del whole[path[-1]]
            elif change == "unknown":
                target = at(result, path)
                if not isinstance(target, dict):
                    continue
                target["unknown-key"] = "value"
            else:
                whole[path[-1]] = {"number": 70000, "list": [["nested"]], "mapping": {"a": "b"},
                                   "text": "some words here"}[change]
            yield "/".join(map(str, path)) + " " + change, result


for source in ("tests/schema/sample.yaml",):
    document = load((ROOT / source).read_text())
    accepted = refused = 0
    for name, variant in changed(document):
        path = SCRATCH / "variant.yaml"
        path.write_text(json.dumps(variant))
        status, numbers = judge(path)
        wrong = objections(variant)
        if status == 0 and wrong:
            tell(False, f"{source}: {name}", f"the tool takes it, the schema says {wrong[:2]}")
        elif numbers & (STRUCTURAL - {"FR0505", "FR0207"}) and not wrong: # they tell of names too
            tell(False, f"{source}: {name}", f"the schema takes it, the tool tells {numbers}")
        accepted += status == 0
        refused += bool(wrong)
    tell(accepted > 20 and refused > 100, f"{source}: {accepted} changes sound, {refused} refused",
         "too few were tried")

print(f"{counts['ok']} passed, {counts['FAIL']} failed, 0 skipped")
sys.exit(counts["FAIL"] > 0)
