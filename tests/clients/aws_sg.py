"""Holds rendered security groups against EC2's rules: the CLI's inputs, the script run with a
stand-in for the AWS CLI (and, where they are installed, with the CLI itself on moto), and the
resources for Terraform.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from aws_sg_ec2 import DESCRIPTION, Ec2, Refused, default_rule, rules_of

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "../.."))
TOOL = os.environ.get("FLOWRULES", os.path.join(ROOT, "build/flowrules"))
AS_OF = os.environ.get("AS_OF", "2026-11-23")
POLICY = os.path.join(ROOT, "tests/golden/aws-sg/policy.yaml")
HOSTILE = os.path.join(ROOT, "tests/golden/hostile-text/policy.yaml")
TARGETS = [(POLICY, target) for target in (
    "nodes", "unnamed", "made", "made-out", "made-open", "denied", "open", "apart", "three", "two-given", "web.tier",
    "db.tier", "among", "narrowed")] + [(HOSTILE, "aws-sg")] + [
        (os.path.join(ROOT, "tests/golden", place, "policy.yaml"), target) for place, target in (
            ("traps", "aws"), ("limits", "aws-sixty"), ("limits", "aws-one-more"),
            ("limits", "aws-objects"), ("limits", "aws-balancer"))]
SHELLS = ("nodes", "unnamed", "made", "made-out", "made-open", "open", "among")
GROUP = "sg-0123456789abcdef0"

counts = {"ok": 0, "FAIL": 0, "skip": 0}


def tell(word, name, why=None):
    counts[word] += 1
    print(f"{word} {name}" + (f": {why}" if why else ""))


def verdict(name, errors):
    tell("FAIL" if errors else "ok", name, str(errors[0]) if errors else None)
    for error in errors[1:10]:
        print(f"    {error}")


def run(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, **options)


def render(policy, target, spelling, folder):
    """The files of a target in a format, by name."""
    shutil.rmtree(folder, ignore_errors=True)
    result = run(TOOL, "render", policy, "-t", f"{target}:{spelling}", "-o", folder,
                 "--as-of", AS_OF)
    if result.returncode != 0:
        raise RuntimeError(f"{target}:{spelling}: status {result.returncode}: {result.stderr}")
    files = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            files[name] = file.read()
    return files


def unique(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
    return dict(pairs)


# ---- json -----------------------------------------------------------------------------------


def inputs_of(files):
    """The inputs by (group number, call)."""
    found = {}
    for name, text in files.items():
        match = re.search(r"-([0-9]+)-((?:authorize|revoke)-[a-z0-9-]+)\.json$", name)
        if match:
            found[int(match[1]), match[2]] = json.loads(text, object_pairs_hook=unique)
    return found


def wanted(files):
    """The rules that the inputs ask for: a set of (group number, direction, key, description)."""
    return {(number, call.split("-")[1], key, description)
            for (number, call), body in inputs_of(files).items() if call.startswith("authorize")
            for key, description in rules_of(body["IpPermissions"])}


def json_errors(files, quota):
    errors = []
    for (number, call), body in inputs_of(files).items():
        if set(body) - {"GroupId", "IpPermissions"}:
            errors.append(f"{call}: {list(body)}")
        try:
            rules = rules_of(body["IpPermissions"])
        except Refused as refused:
            errors.append(f"{call}: {refused}")
            continue
        keys = [key for key, _ in rules]
        if len(keys) != len(set(keys)):
            errors.append(f"{call}: a rule stands twice")
        for family in ("Ipv6Ranges", "IpRanges"):
            if sum(key[3] != family for key in keys) > quota:
                errors.append(f"{call} {number}: more than {quota} rules of a family")
        if call.startswith("revoke"):
            continue
        for _, description in rules:
            if not re.match(r"flowrules \S+ [0-9a-f]{12}: .", description) or "$" in description:
                errors.append(f"{call}: description {description}")
    return errors


# ---- the script, with a stand-in ------------------------------------------------------------


class Stage:
    """A state of EC2 and a script to run on it."""

    def __init__(self, folder, groups, quota=60, **more):
        self.path = os.path.join(folder, "state.json")
        self.folder = folder
        self.state = {"groups": groups, "quota": quota, "next": 100, "calls": [], **more}
        self.stub = os.path.join(folder, "aws")
        with open(self.stub, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nexec {sys.executable} -I -S "
                       f"'{os.path.join(HERE, 'aws_sg_ec2.py')}' \"$@\"\n")
        os.chmod(self.stub, 0o755)

    def run(self, script, *arguments, shell="sh", **environment):
        self.state["calls"] = []
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(self.state, file)
        result = run(shell, script, *arguments, cwd=self.folder, env={
            "PATH": os.environ["PATH"], "EC2_STATE": self.path,
            "AWS": self.stub, **environment})
        with open(self.path, encoding="utf-8") as file:
            self.state = json.load(file)
        return result

    def changes(self):
        """The calls that changed something, and those that tried: (verb, group, error)."""
        return [c for c in self.state["calls"] if not c[0].startswith("describe")]

    def verbs(self):
        return [c[0] for c in self.changes() if c[2] is None]

    def present(self):
        """Rules by (group id, direction, key, description)."""
        return {(group, r["direction"], tuple(r["key"]), r["description"])
                for group, body in self.state["groups"].items() for r in body["rules"]}


def new_group(*rules):
    return {"vpc": "vpc-0123456789abcdef0", "name": "default-name",
            "rules": [default_rule(1), *rules]}


def rule(number, direction, key, description):
    return {"id": f"sgr-{number:08x}", "direction": direction, "key": key,
            "description": description}


def expect(errors, good, text):
    if not good:
        errors.append(text)


def placed(files, ids):
    return {(ids[number - 1], direction, key, description)
            for number, direction, key, description in wanted(files)}


def first_runs(folder, script, files):
    """A new group, and the same version again."""
    errors = []
    stage = Stage(folder, {GROUP: new_group()}, region="eu-west-1")
    result = stage.run(script)
    expect(errors, result.returncode == 0, f"status {result.returncode}: {result.stderr}")
    expect(errors, stage.present() == placed(files, [GROUP]), "the group is not what json says")
    expect(errors, "of others" not in result.stderr, f"the default is told of: {result.stderr}")
    again = stage.run(script)
    expect(errors, again.returncode == 0 and stage.changes() == [], f"again: {stage.changes()}")
    expect(errors, stage.present() == placed(files, [GROUP]), "again: the group changed")
    return errors


OLD = ("tcp", 1, 1, "IpRanges", "192.0.2.0/24")
FOREIGN = ("tcp", 2, 2, "IpRanges", "192.0.2.0/24")


def older_version(folder, script, files):
    """Rules of an older version go; those of others stay, also one that says what ours says."""
    errors, stage = [], Stage(folder, {}, region="eu-west-1")
    mine = sorted(w for w in wanted(files) if w[1] == "ingress" and w[2][3] == "IpRanges")
    _, direction, key, description = mine[0]
    theirs = rule(2, direction, list(key), "theirs")
    stage.state["groups"][GROUP] = new_group(
        rule(3, "egress", OLD, "flowrules nodes 000000000000: old"), theirs,
        rule(4, "ingress", OLD, "flowrules nodes2 000000000001: another target's"),
        rule(5, "ingress", FOREIGN, ""),
        rule(6, "ingress", mine[1][2], mine[1][3] + ", a flow that is gone"))
    result = stage.run(script)
    expected = placed(files, [GROUP]) - {(GROUP, direction, key, description)} | {
        (GROUP, direction, key, "theirs"), (GROUP, "ingress", FOREIGN, ""),
        (GROUP, "ingress", OLD, "flowrules nodes2 000000000001: another target's")}
    verbs = stage.verbs()
    expect(errors, result.returncode == 0, f"status {result.returncode}: {result.stderr}")
    expect(errors, stage.present() == expected, f"{stage.present() ^ expected}")
    expect(errors, "update-security-group-rule-descriptions-ingress" in verbs, "no update")
    revokes = [i for i, verb in enumerate(verbs) if verb.startswith("revoke")]
    authorizes = [i for i, verb in enumerate(verbs) if verb.startswith("authorize")]
    expect(errors, max(authorizes) < min(revokes), "something is revoked before all is authorized")
    expect(errors, all(f"sgr-{i:08x}" in result.stderr for i in (2, 4, 5)),
           f"the rules of others are not told: {result.stderr}")
    return errors


def rehearsal_and_removal(folder, script, _files):
    errors, stage = [], Stage(folder, {GROUP: new_group()}, region="eu-west-1")
    before = stage.present()
    result = stage.run(script, "--dry-run")
    expect(errors, result.returncode == 0 and stage.changes() == [], "--dry-run changes something")
    told = [line.split()[2] for line in result.stdout.splitlines()]
    expect(errors, "authorize-security-group-ingress" in told, "--dry-run tells nothing")
    stage.run(script)
    tried = [c[0] for c in stage.changes()]
    expect(errors, told == tried, f"--dry-run tells {told}, and {tried} was done")
    stage.state["groups"][GROUP]["rules"].append(rule(5, "ingress", FOREIGN, ""))
    result = stage.run(script, "--remove")
    expect(errors, result.returncode == 0, f"status {result.returncode}: {result.stderr}")
    expect(errors, stage.present() == {(GROUP, "ingress", FOREIGN, "")}, "--remove leaves more")
    expect(errors, stage.run(script, "--help").returncode == 2, "--help is no usage error")
    expect(errors, before != stage.present(), "--remove opened egress again")
    return errors


def failures(folder, script, files):
    """What fails on the way leaves the older version in force."""
    errors = []
    old = rule(3, "egress", OLD, "flowrules nodes 000000000000: old")
    stage = Stage(folder, {GROUP: new_group(old)}, region="eu-west-1",
                  fail="authorize-security-group-ingress")
    result = stage.run(script)
    expect(errors, result.returncode == 1 and "UnauthorizedOperation" in result.stderr, "no error")
    expect(errors, not any(v.startswith("revoke") for v in stage.verbs()), "revoked all the same")
    many = [rule(10 + i, "egress", ("tcp", i, i, "IpRanges", "192.0.2.0/24"),
                 f"flowrules nodes {i:012x}: old") for i in range(55)]
    stage = Stage(folder, {GROUP: new_group(*many)}, region="eu-west-1")
    result = stage.run(script)
    expect(errors, result.returncode == 1 and "REVOKE_FIRST=1" in result.stderr, "no word on room")
    expect(errors, not any(v.startswith("revoke") for v in stage.verbs()), "revoked all the same")
    result = stage.run(script, REVOKE_FIRST="1")
    expect(errors, result.returncode == 0, f"REVOKE_FIRST: {result.stderr}")
    _, direction, key, description = min(wanted(files))
    stage = Stage(folder, {GROUP: new_group(rule(3, direction, list(key), description + "; changed"))},
                  region="eu-west-1", fail=f"update-security-group-rule-descriptions-{direction}",
                  code="InvalidPermission.NotFound")
    result = stage.run(script)
    expect(errors, result.returncode == 1 and "NotFound" in result.stderr, "a rule that is gone is not told")
    stage = Stage(folder, {}, region="eu-west-1")
    expect(errors, stage.run(script).returncode != 0, "a group that is not there")
    for shell in ("sh", "bash"):  # bash leaves set -e out of what it substitutes
        stage = Stage(folder, {GROUP: new_group(old)}, region="eu-west-1",
                      fail="describe-security-group-rules")
        result = stage.run(script, shell=shell)
        expect(errors, result.returncode != 0 and "UnauthorizedOperation" in result.stderr,
               f"{shell}: a list that fails: {result.stderr}")
        expect(errors, stage.changes() == [], f"{shell}: changes without a list")
    return errors


def unnamed(folder):
    """Without a group, SG must name it."""
    errors, files = [], render(POLICY, "unnamed", "json", folder + "/out")
    render(POLICY, "unnamed", "script", folder + "/out")
    stage = Stage(folder, {GROUP: new_group()})
    result = stage.run("out/unnamed.sh")
    expect(errors, result.returncode == 2 and "SG=" in result.stderr, "no word on SG")
    result = stage.run("out/unnamed.sh", SG=GROUP)
    expect(errors, result.returncode == 0, f"status {result.returncode}: {result.stderr}")
    expect(errors, stage.present() == placed(files, [GROUP]), "the group is not what json says")
    return errors


def made(folder):
    """Groups of a VPC are made once, as many as are needed, and found again."""
    errors, files = [], render(POLICY, "three", "json", folder + "/out")
    render(POLICY, "three", "script", folder + "/out")
    stage = Stage(folder, {}, quota=25)
    expect(errors, stage.run("out/three.sh", "--dry-run").returncode == 0, "--dry-run fails")
    expect(errors, stage.state["groups"] == {}, "--dry-run makes groups")
    for verbs in (3, 0):
        result = stage.run("out/three.sh")
        expect(errors, result.returncode == 0, f"status {result.returncode}: {result.stderr}")
        expect(errors, stage.verbs().count("create-security-group") == verbs, "groups made")
    expect(errors, stage.changes() == [], f"again: {stage.changes()}")
    ids = list(stage.state["groups"])
    rules = {r for r in stage.present() if r[1] == "ingress"}
    expect(errors, rules == placed(files, ids), "the groups are not what json says")
    return errors


def made_closed(folder):
    """What a new group lets out is revoked, also while EC2 does not list it yet."""
    errors = []
    for target, stays in (("made-out", []), ("made-open", ["0.0.0.0/0"])):
        files = render(POLICY, target, "json", folder + "/out")
        render(POLICY, target, "script", folder + "/out")
        stage = Stage(folder, {}, lag=True)
        result = stage.run(f"out/{target}.sh")
        expect(errors, result.returncode == 0, f"{target}: status {result.returncode}: {result.stderr}")
        rules = stage.present()
        missing = placed(files, list(stage.state["groups"])) - rules
        expect(errors, [r[2][4] for r in missing] == stays, f"{target}: {missing}")
        everything = [r[2][4] for r in rules if r[1:] == ("egress", tuple(default_rule(1)["key"]), "")]
        expect(errors, everything == stays, f"{target}: {everything}")
    return errors


def moved(folder):
    """A rule that goes to another group is there before it is gone here."""
    errors, files = [], render(POLICY, "two-given", "json", folder + "/out")
    render(POLICY, "two-given", "script", folder + "/out")
    ids = ["sg-00000000000000001", "sg-00000000000000002"]
    stage = Stage(folder, {i: new_group() for i in ids})
    _, direction, key, description = min(w for w in wanted(files) if w[0] == 1)
    stage.state["groups"][ids[1]]["rules"].append(rule(7, direction, list(key), description))
    result = stage.run("out/two-given.sh")
    expect(errors, result.returncode == 0, f"status {result.returncode}: {result.stderr}")
    rules = {r for r in stage.present() if r[1] == "ingress"}
    expect(errors, rules == placed(files, ids), f"{rules ^ placed(files, ids)}")
    expect(errors, stage.verbs()[-1] == "revoke-security-group-ingress", f"{stage.verbs()[-1]}")
    return errors


def kept_default(folder):
    """Where the policy lets everything out, the default is that, and stays."""
    errors = []
    render(POLICY, "open", "script", folder + "/out")
    stage = Stage(folder, {GROUP: new_group()})
    result = stage.run("out/open.sh")
    expect(errors, result.returncode == 0, f"status {result.returncode}: {result.stderr}")
    expect(errors, not any(v.startswith("revoke") for v in stage.verbs()), "the default is revoked")
    expect(errors, len(stage.present()) == 2, f"{stage.present()}")
    return errors


def input_errors(folder, target, group):
    """The CLI's inputs on a group as it is made, twice: what fails may, and alone, and does no harm."""
    errors, files = [], render(POLICY, target, "json", folder + "/out")
    own = next(iter(inputs_of(files).values()))["GroupId"]
    state = {"groups": {own: group}, "quota": 60, "next": 100}
    for attempt in ("first", "second"):
        for (_, call), body in sorted(inputs_of(files).items()):
            verb, direction = call.split("-")[:2]
            before = json.dumps(state)
            options = {"group-id": own, "ip-permissions": json.dumps(body["IpPermissions"])}
            try:
                getattr(Ec2(state), verb)(direction, options)
            except Refused as refused:
                state = json.loads(before)
                expect(errors, attempt == "second" or "-all-" in call or call.endswith("ipv6"),
                       f"{attempt} {call}: {refused}")
                expect(errors, re.search("Duplicate|NotFound", str(refused)), f"{call}: {refused}")
    present = {(r["direction"], tuple(r["key"])) for r in state["groups"][own]["rules"]}
    expect(errors, present == {w[1:3] for w in wanted(files)}, f"{present}")
    return errors


# ---- terraform ------------------------------------------------------------------------------

# Attributes of aws_vpc_security_group_egress_rule and _ingress_rule (provider hashicorp/aws 5).
PEERS = {"cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"}
ATTRIBUTES = PEERS | {"security_group_id", "ip_protocol", "from_port", "to_port", "description",
                      "tags", "lifecycle"}
KINDS = {"IpRanges": "cidr_ipv4", "Ipv6Ranges": "cidr_ipv6", "PrefixListIds": "prefix_list_id",
         "UserIdGroupPairs": "referenced_security_group_id"}
TEMPLATE = re.compile(r"\$\{(var\.[A-Za-z0-9_-]+_groups\[[0-9]+\]|"
                      r"aws_security_group\.[A-Za-z0-9_-]+\.id)\}")


def resource_errors(label, body, made_groups):
    errors = []
    expect(errors, re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", label), f"label {label}")
    expect(errors, set(body) <= ATTRIBUTES, f"{label}: {set(body) - ATTRIBUTES}")
    expect(errors, len(PEERS & set(body)) == 1, f"{label}: peers")
    expect(errors, DESCRIPTION.fullmatch(body["description"]), f"{label}: description")
    expect(errors, TEMPLATE.fullmatch(body["security_group_id"]), f"{label}: group")
    expect(errors, ("aws_security_group" in body["security_group_id"]) == made_groups, "group")
    for key, value in body.items():
        expect(errors, key == "security_group_id" or not isinstance(value, str) or
               ("${" not in value and "%{" not in value), f"{label}: a template in {key}")
    return errors


def terraform_errors(text, files):
    errors, document = [], json.loads(text, object_pairs_hook=unique)
    expect(errors, set(document) <= {"//", "variable", "data", "resource"}, str(list(document)))
    expect(errors, all(document.get("resource", {1: 1}).values()), "an empty block")
    resources = document.get("resource", {})
    groups = resources.get("aws_security_group", {})
    for group in groups.values():
        expect(errors, set(group) == {"name", "description", "vpc_id"}, f"{group}")
    found = set()
    for direction in ("egress", "ingress"):
        for label, body in resources.get(f"aws_vpc_security_group_{direction}_rule", {}).items():
            errors += resource_errors(label, body, bool(groups))
            kind = next(k for k, v in KINDS.items() if v in body)
            number = int(re.search(r"\[([0-9]+)\]|_([0-9]+)\.id", body["security_group_id"])
                         .expand(r"\1\2")) + (0 if groups else 1)
            peer = body[KINDS[kind]]
            if kind == "UserIdGroupPairs":
                peer = peer.split("/")[-1]
            found.add((number, direction, (body["ip_protocol"], body.get("from_port"),
                                           body.get("to_port"), kind, peer), body["description"]))
    expect(errors, found == wanted(files), f"it is not what json says: {found ^ wanted(files)}")
    return errors


def plugin_folder():
    named = os.environ.get("FLOWRULES_TERRAFORM_PLUGINS")
    folders = [named] if named else ["/usr/local/share/terraform/plugins", "/opt/tf-plugins"]
    return next((f for f in folders if os.path.isdir(
        os.path.join(f, "registry.terraform.io/hashicorp/aws"))), None)


def validate(folder, texts):
    """terraform validate, on all files as one module."""
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    options = {"cwd": folder, "env": {**os.environ, "CHECKPOINT_DISABLE": "1"}}
    result = run("terraform", "init", "-no-color", "-input=false",
                 f"-plugin-dir={plugin_folder()}", **options)
    if result.returncode == 0:
        result = run("terraform", "validate", "-no-color", **options)
    return [] if result.returncode == 0 else [result.stdout + result.stderr]


# ---- the CLI itself -------------------------------------------------------------------------


def moto_errors(folder, endpoint):
    """The script with the real CLI on moto: a group that is made, twice, then removed."""
    errors = []
    environment = {**os.environ, "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "x",
                   "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "eu-west-1"}

    def aws(*arguments):
        result = run("aws", "ec2", *arguments, "--output", "json", env=environment)
        expect(errors, result.returncode == 0, f"{arguments[0]}: {result.stderr}")
        return json.loads(result.stdout or "{}")

    vpc = aws("create-vpc", "--cidr-block", "10.0.0.0/16")["Vpc"]["VpcId"]
    with open(POLICY, encoding="utf-8") as file:
        text = file.read().replace("vpc-0123456789abcdef0", vpc)
    # moto forgets the descriptions of rules whose peer is a group: rules of addresses it is.
    text = text.replace("name: llm, select: {tags: [in]}", "name: llm, select: {tags: [denied]}")
    with open(folder + "/policy.yaml", "w", encoding="utf-8") as file:
        file.write(text)
    shutil.copy(POLICY + ".lock", folder)
    files = render(folder + "/policy.yaml", "made", "json", folder + "/out")
    render(folder + "/policy.yaml", "made", "script", folder + "/out")
    for attempt in ("first", "second", "removal"):
        result = run("sh", "out/made.sh", *(["--remove"] if attempt == "removal" else []),
                     cwd=folder, env=environment)
        expect(errors, result.returncode == 0, f"{attempt}: {result.stderr}")
        expect(errors, attempt != "second" or "authorize" not in result.stdout, "authorized again")
        group = aws("describe-security-groups", "--filters", "Name=group-name,Values=llm-1",
                    f"Name=vpc-id,Values={vpc}")["SecurityGroups"][0]["GroupId"]
        rules = aws("describe-security-group-rules", "--filters", f"Name=group-id,Values={group}")
        described = sorted(r["Description"] for r in rules["SecurityGroupRules"]
                           if not r["IsEgress"])
        expected = [] if attempt == "removal" else sorted(w[3] for w in wanted(files))
        expect(errors, described == expected, f"{attempt}: {described}")
    return errors


def try_moto(folder):
    if shutil.which("aws") is None or shutil.which("moto_server") is None:
        tell("skip", "script with the AWS CLI", "aws or moto_server is not installed")
        return
    port = 20000 + os.getpid() % 20000
    with subprocess.Popen(["moto_server", "-H", "127.0.0.1", "-p", str(port)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            endpoint = f"http://127.0.0.1:{port}"
            for _ in range(100):
                if run("curl", "-sf", endpoint + "/moto-api/").returncode == 0:
                    break
                time.sleep(0.2)
            verdict("script with the AWS CLI", moto_errors(folder, endpoint))
        finally:
            server.terminate()


# ---- all ------------------------------------------------------------------------------------


def try_target(policy, target, folder, modules):
    files = render(policy, target, "json", folder + "/json")
    quota = {"three": 25, "two-given": 50}.get(target, 60)
    verdict(f"{target}.json", json_errors(files, quota))
    terraform = render(policy, target, "terraform", folder + "/tf")[target + ".tf.json"]
    verdict(f"{target}.terraform", terraform_errors(terraform, files))
    modules[target + ".tf.json"] = terraform
    render(policy, target, "script", folder + "/script")
    path = os.path.join(folder, "script", target + ".sh")
    if not os.environ.get("LONG") and target not in SHELLS:
        return  # the others differ from these in their data alone: all of them in the long run
    if shutil.which("shellcheck"):
        result = run("shellcheck", path)
        verdict(f"{target}.script shellcheck", [result.stdout] if result.returncode else [])
    else:
        tell("skip", f"{target}.script shellcheck", "it is not installed")


def main():
    modules = {}
    with tempfile.TemporaryDirectory() as folder:
        for policy, target in TARGETS:
            try:
                try_target(policy, target, folder, modules)
            except RuntimeError as error:
                tell("FAIL", target, error)
        files = render(POLICY, "nodes", "json", folder + "/json")
        render(POLICY, "nodes", "script", folder + "/out")
        script = os.path.join(folder, "nodes.sh")
        shutil.copy(folder + "/out/nodes.sh", script)
        for scenario in (first_runs, older_version, rehearsal_and_removal, failures):
            verdict(f"script: {scenario.__name__}", scenario(folder, script, files))
        for scenario in (unnamed, made, made_closed, moved, kept_default):
            verdict(f"script: {scenario.__name__}", scenario(folder))
        own_rule = rule(2, "ingress", ("-1", None, None, "UserIdGroupPairs",
                                       "sg-00000000000000001"), "")
        for target, more in (("nodes", []), ("open", []), ("among", []), ("among", [own_rule])):
            verdict(f"json: {target} on a group with {1 + len(more)} rules of its own",
                    input_errors(folder, target, new_group(*more)))
        os.mkdir(folder + "/module")
        if shutil.which("terraform") and plugin_folder():
            verdict("terraform validate", validate(folder + "/module", modules))
        else:
            tell("skip", "terraform validate", "terraform or its provider aws is not installed")
        os.mkdir(folder + "/moto")
        try_moto(folder + "/moto")
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
