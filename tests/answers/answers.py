"""What the verbs tell with --json, held against 'flowrules schema --of': strictly, no key beside."""
import json
import os
import subprocess
import sys

import jsonschema

TOOL, SCRATCH = sys.argv[1:3]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KIMI = os.path.join(ROOT, "examples", "kimi-k2.yaml")
SECURITY = os.path.join(ROOT, "examples", "assertions", "security.yaml")
CASES = os.path.join(ROOT, "tests", "assert")
NFT = os.path.join(ROOT, "tests", "read", "nftables")
POLICY = """flowrules: 1
protects: [nodes]
networks: {nodes: [10.0.16.0/24], mirror: [192.0.2.10], far: [198.51.100.0/24]}
flows:
  - {name: mirror, source: nodes, destination: mirror, protocol: tcp, port: 443, tags: [a]}
  - {name: far, source: nodes, destination: far, protocol: icmp}
targets:
  up: {backend: nftables, select: {name: mirror}}
  down: {backend: iptables, select: {name: far}}
"""
ANSWERS = (
    ("check", ["check", KIMI]), ("check", ["check", "policy.yaml"]),
    ("render", ["render", "policy.yaml", "-o", "out"]),
    ("render", ["render", "policy.yaml", "-o", "out", "-t", "up:nft", "--no-map"]),
    ("explain", ["explain", KIMI]), ("message", ["explain", "FR0508"]),
    ("query", ["query", KIMI, "tcp 10.0.16.5 -> 8.8.8.8:53"]),
    ("query", ["query", "policy.yaml", "tcp 10.0.16.5 -> 192.0.2.10:443"]),
    ("query", ["query", "policy.yaml", "any any -> any"]),
    ("query", ["query", "policy.yaml", "any any -> any", "--rules"]),
    ("lint", ["lint", KIMI]), ("lint", ["lint", "policy.yaml"]),
    ("lint", ["lint", os.path.join(ROOT, "tests", "findings", "accepted.yaml")]),
    ("message", ["explain", "FL0101"]),
    ("assert", ["assert", KIMI, "--assertions", SECURITY]),
    *(("assert", ["assert", os.path.join(CASES, case, "policy.yaml"), "--assertions",
                  os.path.join(CASES, "owner", "security.yaml")])
      for case in sorted(os.listdir(CASES)) if "." not in case and case not in ("run", "__pycache__")),
    ("verify", ["verify", "policy.yaml", "-t", "up", "out/up.nft"]),
    ("verify", ["verify", os.path.join(NFT, "policy.yaml"), os.path.join(NFT, "dynamic.nft")]),
    ("verify", ["verify", os.path.join(NFT, "policy.yaml"), os.path.join(NFT, "no-loopback.nft")]),
    ("diff", ["diff", "policy.yaml", KIMI]), ("probe", ["probe", KIMI]),
    ("probe", ["probe", "policy.yaml"]), ("targets", ["targets"]),
    ("targets", ["targets", "cilium"]), ("help", ["help"]), ("help", ["help", "render"]),
)
counts = {"passed": 0, "failed": 0}


def told(name, why):
    counts["failed" if why else "passed"] += 1
    print("FAIL %s: %s" % (name, why) if why else "ok " + name)


def run(*arguments):
    return subprocess.run([TOOL] + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, cwd=SCRATCH,
                          env=dict(os.environ, LC_ALL="C.UTF-8"))


def strict(schema):
    """The schema with no other keys than it names."""
    if isinstance(schema, dict):
        schema = {key: strict(value) for key, value in schema.items()}
        if schema.get("type") == "object":
            schema["additionalProperties"] = False
    elif isinstance(schema, list):
        schema = [strict(value) for value in schema]
    return schema


def schema_of(what):
    done = run("schema", "--of", what)
    if done.returncode != 0:
        raise SystemExit("schema --of %s: %s" % (what, done.stderr))
    schema = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def wrong(what, text):
    schema = schema_of(what)
    try:
        answer = json.loads(text)
        jsonschema.validate(answer, strict(schema), jsonschema.Draft202012Validator)
        jsonschema.validate(dict(answer, new=1), schema, jsonschema.Draft202012Validator)
    except (ValueError, jsonschema.ValidationError) as problem:
        return str(problem).split("\n")[0]
    try:
        jsonschema.validate(dict(answer, **{"flowrules-json": 2}), schema,
                            jsonschema.Draft202012Validator)
    except jsonschema.ValidationError:
        return None
    return "the schema takes another version"


def main():
    with open(os.path.join(SCRATCH, "policy.yaml"), "w") as file:
        file.write(POLICY)
    for what, arguments in ANSWERS:
        done = run(*arguments, "--json", "--as-of", "2026-11-23")
        name = " ".join(os.path.basename(word) for word in arguments)
        told(name, wrong(what, done.stdout) or (
            "status %d" % done.returncode if done.returncode not in (0, 1, 4) else None))
    for arguments in (["check", "policy.yaml"], ["check", "nothing.yaml"], ["query", "policy.yaml"], ["render", KIMI]):
        done = run(*arguments, "--diagnostics=json")
        told("diagnostics of " + " ".join(map(os.path.basename, arguments)),
             wrong("diagnostics", done.stderr))
    done = run("schema", "--of", "import")
    told("an unknown answer", None if (done.returncode, done.stderr) == (2, (
        "flowrules: there is no JSON answer 'import'; it is one of check, render, "
        "explain, lint, message, query, assert, usage, report, verify, diff, resolve, probe, targets, help, diagnostics\n"
        "try 'flowrules schema --help'\n")) else done.stderr)
    print("%(passed)d passed, %(failed)d failed, 0 skipped" % counts)
    sys.exit(1 if counts["failed"] else 0)


main()
