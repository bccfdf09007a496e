"""Runs the scripts of gcloud targets against gcloud_stub.py: once, twice, after a change, after a
failure in the middle; decides packets by the rules that are then there; holds Terraform's JSON
against the same rules and the provider's schema.
"""
import copy
import ipaddress
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import schemas
from gcloud_stub import filtered

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
TOOL = os.environ.get("FLOWRULES", os.path.join(ROOT, "build/flowrules"))
AS_OF = os.environ.get("AS_OF", "2026-11-23")
GOLDEN = os.path.join(ROOT, "tests/golden")

# The targets of tests/golden/gcloud, with what their settings come to.
# The long run tries more of each.
LONG = bool(os.environ.get("LONG"))
TARGETS = {"main": [], "cut": [], "everywhere": [], "models": [],
           "Web_Frontend.blue-green": ["--project=example.com:prod-1"]}
# Policies all of which Google Cloud can say: packets are decided for these.
DECIDED = ["denies", "direction", "families", "groups", "log", "ranges-except"]
# Scripts of more rules are not run again and again with a failure in the middle.
BROKEN_MAX = 8 if LONG else 3
# What is another's, and stays.
FOREIGN = {"direction": "INGRESS", "priority": 1000, "rules": ["tcp:22"], "action": "ALLOW",
           "network": "default", "ends": {"source-ranges": ["0.0.0.0/0"]},
           "description": "mine", "log": False, "disabled": False}
# Of ours: text of one line, that shows in its order.
DESCRIPTION = re.compile(r"flowrules: [^\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]*")
OTHERS = {"default-allow-ssh": FOREIGN, "fr-main-2--dns": {**FOREIGN, "description": "flowrules: x"},
          "fr-main--by-hand": FOREIGN}

counts = {"ok": 0, "FAIL": 0, "skip": 0}


def tell(word, name, why=None):
    counts[word] += 1
    print(f"{word} {name}" + (f": {why}" if why else ""))


def verdict(name, errors):
    tell("FAIL" if errors else "ok", name, errors[0] if errors else None)
    for error in errors[1:10]:
        print(f"    {error}")


def run(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, check=False, **options)


def render(policy, target, spelling, folder):
    """The path of a target's file in a format, or None."""
    suffix = {"script": ".gcloud.sh", "policy": ".policy.sh", "terraform": ".tf.json"}[spelling]
    result = run(TOOL, "render", policy, "-t", f"{target}:{spelling}", "-o", folder,
                 "--as-of", AS_OF)
    if result.returncode != 0:
        tell("FAIL", f"{target}.{spelling}", f"render: status {result.returncode}")
        print(result.stderr)
        return None
    return os.path.join(folder, target + suffix)


# ---- a project ------------------------------------------------------------------------------


class Project:
    """The state that the stub keeps, and scripts run in it."""

    def __init__(self, folder, project, state=None):
        self.state_path = os.path.join(folder, "state.json")
        self.log_path = os.path.join(folder, "log")
        self.write(state or {"rules": copy.deepcopy(OTHERS), "policies": {}, "orders": {},
                             "project": project})
        place = os.path.join(folder, "bin")
        os.makedirs(place, exist_ok=True)
        self.environment = {"PATH": place + os.pathsep + os.environ["PATH"], "LC_ALL": "C",
                            "GCLOUD_STATE": self.state_path, "GCLOUD_LOG": self.log_path}
        stub = os.path.join(place, "gcloud")
        with open(stub, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nexec {sys.executable} -I -S "
                       f"'{os.path.join(ROOT, 'tests/clients/gcloud_stub.py')}' \"$@\"\n")
        os.chmod(stub, 0o755)

    def write(self, state):
        with open(self.state_path, "w", encoding="utf-8") as file:
            json.dump(state, file)

    def state(self):
        with open(self.state_path, encoding="utf-8") as file:
            return json.load(file)

    def run(self, script, *arguments, fail=None):
        """Runs a script; its status, its commands as lists, and what it said."""
        if os.path.exists(self.log_path):
            os.unlink(self.log_path)
        environment = dict(self.environment, **({"GCLOUD_FAIL": str(fail)} if fail else {}))
        # What a script leaves on standard input it must not hand to gcloud.
        result = run("/bin/sh", script, *arguments, env=environment, input="y\n" * 10)
        with open(self.log_path, encoding="utf-8") as file:
            log = [json.loads(line) for line in file]
        return result.returncode, log, result.stderr


def changing(log):
    """The commands that change something, as words."""
    words = [" ".join(word for word in command[1:5] if not word.startswith("-"))
             for command in log]
    return [word for word in words if re.search(r" (create|update|delete)( |$)", word)]


# ---- scripts of rules -----------------------------------------------------------------------


def own(rules):
    return {name: rule for name, rule in rules.items() if name not in OTHERS}


def order_errors(log):
    """Denies of flows, then allows, then what closes, then deletions."""
    def rank(command):
        if command[2] == "delete":
            return 3
        if "--0-deny-" in command[3]:
            return 2
        return 1 if "--action=ALLOW" in command else 0
    errors = []
    for direction in ("EGRESS", "INGRESS"):
        ranks = [rank(command) for command in log if command[2] == "delete" or
                 f"--direction={direction}" in command]
        errors += [f"{direction}: {ranks}"] if ranks != sorted(ranks) else []
    closing = [i for i, command in enumerate(log) if rank(command) == 2 and command[2] != "list"]
    allows = [i for i, command in enumerate(log) if rank(command) == 1]
    if closing and allows and min(closing) < max(allows):
        errors.append("what closes comes before an allow")
    return errors


def script_errors(script, folder, project):
    """First run, second run, drift, failure at each command, removal."""
    place = Project(folder, project)
    status, log, said = place.run(script)
    if status != 0:
        return [f"status {status}: {said}"]
    errors, first = order_errors(log), place.state()["rules"]
    made = [word for word in changing(log) if " create " in word]
    if len(made) != len(own(first)) or len(made) != len(changing(log)):
        errors.append("a first run did more than make rules")
    for change in ({}, {"priority": 1, "rules": ["all"], "log": False, "disabled": True}):
        state = place.state()
        for rule in own(state["rules"]).values():
            rule.update(change)
        place.write(state)
        status, log, said = place.run(script)
        if status != 0 or place.state()["rules"] != first:
            errors.append(f"a run after {change} leaves something else: {said}")
        if any(" update " not in word for word in changing(log)):
            errors.append(f"a run after {change} makes or deletes rules")
    errors += break_errors(script, folder, project, first)
    status, _, said = place.run(script, "--remove")
    if status != 0 or place.state()["rules"] != OTHERS:
        errors.append(f"--remove: status {status}: {said}")
    if place.run(script, "--nonsense")[0] != 2:
        errors.append("--nonsense is taken")
    return errors


def break_errors(script, folder, project, first):
    """A run that fails anywhere stops there, and the next one gets to the end."""
    errors = []
    if len(own(first)) > BROKEN_MAX:
        return errors
    for number in (1, 2, len(own(first)) // 2 + 2, len(own(first)) + 1):
        place = Project(folder, project)
        status, log, _ = place.run(script, fail=number)
        if status == 0 or len(log) != number:
            errors.append(f"goes on after command {number} failed")
        status, _, said = place.run(script)
        if status != 0 or place.state()["rules"] != first:
            errors.append(f"does not recover from command {number}: {said}")
    return errors


def version_errors(old, new, folder, project):
    """A newer version takes the place of an older one, without a gap."""
    place = Project(folder, project)
    place.run(new)
    wanted = place.state()["rules"]
    place = Project(folder, project)
    place.run(old)
    before = place.state()["rules"]
    status, log, said = place.run(new)
    errors = [] if status == 0 and place.state()["rules"] == wanted else [said or "another state"]
    words = changing(log)
    if not any(" delete " in word for word in words) or before == wanted:
        errors.append("nothing had changed: that tries nothing")
    errors += order_errors(log)
    kept = set(before) & set(wanted)
    errors += [f"{word}: was the same in both" for word in words
               if " update " not in word and word.split()[-1] in kept]
    return errors


# ---- scripts of policies --------------------------------------------------------------------


def policy_errors(script, folder, project):
    place = Project(folder, project)
    status, log, said = place.run(script)
    if status != 0:
        return [f"status {status}: {said}"]
    errors, first = [], place.state()["policies"]
    (name, policy), = first.items()
    if list(policy["associations"]) != [name] or place.state()["rules"] != OTHERS:
        errors.append("the network has not got the policy alone")
    if changing(log)[-1].split()[:2] != ["network-firewall-policies", "associations"]:
        errors.append("the network has the policy before it is full")
    if "decide before" not in said:
        errors.append("the order of VPC rules and policy is not told")
    status, log, said = place.run(script)
    if status != 0 or changing(log) or place.state()["policies"] != first:
        errors.append(f"a second run changes something: {said}")
    errors += policy_break_errors(script, folder, project, first)
    state = place.state()
    state["orders"] = {policy["associations"][name].split("/")[-1]: "BEFORE_CLASSIC_FIREWALL"}
    place.write(state)
    if "decide before" in place.run(script)[2]:
        errors.append("the order is told where it is right")
    status, _, said = place.run(script, "--remove")
    if status != 0 or place.state()["policies"] != {}:
        errors.append(f"--remove: {said}")
    status, _, said = place.run(script, "--remove")
    if status != 0:
        errors.append(f"--remove of nothing: {said}")
    return errors + policy_foreign_errors(script, folder, project, first)


def policy_break_errors(script, folder, project, first):
    errors = []
    rules = len(next(iter(first.values()))["rules"])
    if rules > BROKEN_MAX:
        return errors
    for number in (1, 2, 3, 4, 3 + rules, 4 + rules):
        place = Project(folder, project)
        status, log, _ = place.run(script, fail=number)
        in_force = [p for p in place.state()["policies"].values() if p["associations"]]
        if status == 0 or len(log) != number or in_force:
            errors.append(f"goes on after command {number} failed")
        status, _, said = place.run(script)
        if status != 0 or place.state()["policies"] != first:
            errors.append(f"does not recover from command {number}: {said}")
    return errors


def policy_foreign_errors(script, folder, project, first):
    """A network that has another's policy keeps it."""
    place, errors = Project(folder, project), []
    state = place.state()
    (name, policy), = first.items()
    state["policies"] = {"theirs": {"place": policy["place"], "rules": {}, "description": "theirs",
                                    "associations": {"a": policy["associations"][name]}}}
    place.write(state)
    for arguments in ([], ["--remove"]):
        status, log, _ = place.run(script, *arguments)
        if changing(log) or place.state() != state or (status == 0) != bool(arguments):
            errors.append(f"another's policy: {arguments}, status {status}")
    return errors


def policy_version_errors(old, new, folder, project):
    place = Project(folder, project)
    place.run(new)
    wanted = place.state()["policies"]
    place = Project(folder, project)
    place.run(old)
    before = place.state()["policies"]
    status, log, said = place.run(new)
    errors = [] if status == 0 and place.state()["policies"] == wanted else [said or "another state"]
    if before == wanted:
        errors.append("nothing had changed: that tries nothing")
    replaced = [c for c in log if "--replace-association-on-target" in c]
    if len(replaced) != 1 or not changing(log)[-1].startswith("network-firewall-policies delete"):
        errors.append("the old policy is not replaced in one step, then deleted")
    return errors


# ---- Terraform ------------------------------------------------------------------------------


def unique(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
    return dict(pairs)


def strings(value):
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else \
            value if isinstance(value, list) else []:
        yield from strings(item)


def waiting_errors(resources):
    """What is waited for exists, and without a circle; what closes waits for every allow."""
    errors, done = [], {}

    def reach(name):
        if name not in done:
            done[name] = set()
            for waited in resources[name].get("depends_on", []):
                kind, _, other = waited.partition(".")
                if kind != "google_compute_firewall" or other not in resources:
                    errors.append(f"{name} waits for {waited}")
                else:
                    done[name] |= {other} | reach(other)
        return done[name]
    sys.setrecursionlimit(100000)
    allows = {name for name in resources if "allow" in resources[name]}
    denies = {name for name in resources if "deny" in resources[name] and "--0-" not in name}
    for name in resources:
        reached = reach(name)
        if name in reached:
            errors.append(f"{name} waits for itself")
        if "--0-deny-" in name and not allows <= reached:
            errors.append(f"{name} does not wait for all allows")
        same = {deny for deny in denies
                if resources[deny]["direction"] == resources[name]["direction"]}
        if name in allows and not same <= reached:
            errors.append(f"{name} does not wait for the denies")
    return errors


def rule_of(resource):
    """A resource as the stub keeps a rule."""
    blocks = resource.get("allow", []) + resource.get("deny", [])
    fields = ["source_ranges", "destination_ranges", "source_tags", "source_service_accounts",
              "target_tags", "target_service_accounts"]
    return {"direction": resource["direction"], "priority": resource["priority"],
            "action": "ALLOW" if "allow" in resource else "DENY", "network": resource["network"],
            "rules": [block["protocol"] + (f":{port}" if port else "") for block in blocks
                      for port in block.get("ports", [None])],
            "ends": {f.replace("_", "-"): resource[f] for f in fields if f in resource},
            "log": "log_config" in resource, "disabled": False}


def terraform_errors(path, rules):
    """The same rules as the script's, under the same names but for the hash."""
    with open(path, encoding="utf-8") as file:
        document = json.load(file, object_pairs_hook=unique)
    resources = document["resource"]["google_compute_firewall"]
    errors = waiting_errors(resources)
    errors += [f"a template: {text}" for text in strings(document) if re.search("[$%]{", text)]
    named = {re.sub("-[0-9a-f]{8}$", "", name): rule for name, rule in own(rules).items()}
    if sorted(named) != sorted(resources):
        errors.append(f"other names: {sorted(set(named) ^ set(resources))}")
    for name, resource in resources.items():
        want = {key: value for key, value in named.get(name, {}).items() if key != "description"}
        if resource["name"] != name or rule_of(resource) != want:
            errors.append(f"{name}: {rule_of(resource)} is not the script's {want}")
        if ("allow" in resource) == ("deny" in resource):
            errors.append(f"{name}: allow or deny?")
        errors += [f"{name}: {error}" for error in schemas.errors("google_compute_firewall", resource)]
    return errors


# ---- packets --------------------------------------------------------------------------------

NUMBERS = {"tcp": 6, "udp": 17, "sctp": 132, "icmp": 1, "esp": 50, "ah": 51}
SIDES = (("source-ranges", "src-ip-ranges"), ("destination-ranges", "dest-ip-ranges"))


def networks_of(rule, side):
    return [ipaddress.ip_network(text) for name in SIDES[side]
            for text in rule["ends"].get(name, [])]


def matches(rule, packet):
    protocol, ends, port = packet
    for side, address in enumerate(ends):
        networks = networks_of(rule, side)
        if networks and not any(address in network for network in networks):
            return False
    for config in rule["rules"]:
        name, _, ports = config.partition(":")
        first, _, last = ports.partition("-")
        if name == "all" or NUMBERS.get(name, name) in (NUMBERS[protocol], protocol) and (
                not ports or port is not None and int(first) <= port <= int(last or first)):
            return True
    return False


def passes(rules, direction, packet):
    """What Google decides: the smallest number, and a deny before an allow; or None."""
    for rule in sorted(rules, key=lambda r: (r["priority"], r["action"] == "ALLOW")):
        if rule["direction"] == direction and matches(rule, packet):
            return rule["action"] == "ALLOW"
    return None


def edges(network):
    first, last = network[0], network[-1]
    before = [first - 1] if int(first) > 0 else []
    return [first, last] + before + (
        [last + 1] if int(last) + 1 < 1 << network.max_prefixlen else [])


def packets(rules, chance):
    """Packets around the edges of the rules, the protected end inside, the other one outside."""
    near_of = {"EGRESS": 0, "INGRESS": 1}
    ours = [network for rule in rules for network in networks_of(rule, near_of[rule["direction"]])]
    for rule in rules:
        near = near_of[rule["direction"]]
        for network in networks_of(rule, near)[:8]:
            far = [address for peer in networks_of(rule, 1 - near)[:40] for address in edges(peer)]
            far.append(ipaddress.ip_address({4: "203.0.113.250", 6: "2001:db8:ffff::1"}
                                            [network.version]))
            far = [address for address in far if address.version == network.version and not any(
                address in own_one for own_one in ours if own_one.version == address.version)]
            protocols = []
            for config in rule["rules"]:
                name, _, ports = config.partition(":")
                numbers = {int(n) + d for n in ports.split("-") if n for d in (-1, 0, 1)}
                protocols += [(name, n) for n in numbers if 0 <= n <= 65535] if ports else \
                    [(name, 40000 if name in ("tcp", "udp", "sctp") else None)]
            protocols = [("sctp", 40000) if name == "all" else (name, port)
                         for name, port in protocols if name in NUMBERS or name == "all"]
            choices = [(name, (a, b) if near == 0 else (b, a), port)
                       for a in (network[0], network[-1]) for b in far for name, port in protocols]
            for packet in chance.sample(choices, min(8, len(choices))):
                yield rule["direction"], packet


def question(packet):
    protocol, ends, port = packet
    texts = [f"[{a}]" if a.version == 6 else str(a) for a in ends]
    return f"{protocol} {texts[0]} -> {texts[1]}" + (f":{port}" if port is not None else "")


def decide(policy, rules, more=()):
    """Google's decision against the policy's, packet by packet."""
    errors, asked, allowed = [], 0, 0
    chance = random.Random(1)
    everything = list(packets(rules, chance))
    for direction, packet in chance.sample(everything, min(300 if LONG else 50, len(everything))) + list(more):
        result = run(TOOL, "query", policy, question(packet), "--as-of", AS_OF, "--quiet", "-t",
                     "plain")
        want = {0: True, 1: False}.get(result.returncode)
        got = passes(rules, direction, packet)
        asked, allowed = asked + 1, allowed + bool(got)
        if want is None or want != got:
            errors.append(f"{direction} {question(packet)}: the policy says {want}, Google {got}")
    if not 0 < allowed < asked:
        errors.append(f"of {asked} packets {allowed} were allowed: that tries nothing")
    return errors


# ---- the suite ------------------------------------------------------------------------------


def shell_errors(path):
    result = run("shellcheck", path)
    return [] if result.returncode == 0 else [result.stdout.strip()[:400]]


def changed_policy(policy, folder):
    """The same policy with another port and another tag."""
    with open(policy, encoding="utf-8") as file:
        text = file.read()
    for old, new in (("port: 53", "port: 54"), ("bastion, secure", "bastion-2, secure"),
                     ("port: 443", "port: 444")):
        assert old in text
        text = text.replace(old, new)
    path = os.path.join(folder, "policy.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    shutil.copy(policy + ".lock", path + ".lock")
    return path


def try_target(policy, target, project, folder):
    new = os.path.join(folder, "new")
    os.makedirs(new)
    changed = changed_policy(policy, new)
    for spelling, errors_of, versions in (
            ("script", script_errors, version_errors),
            ("policy", policy_errors, policy_version_errors)):
        script = render(policy, target, spelling, folder)
        other = render(changed, target, spelling, new)
        if script is None or other is None:
            return
        if shutil.which("shellcheck"):
            verdict(f"{target}.{spelling} shellcheck", shell_errors(script))
        else:
            tell("skip", f"{target}.{spelling} shellcheck", "it is not installed")
        verdict(f"{target}.{spelling} runs", errors_of(script, folder, project))
        verdict(f"{target}.{spelling} versions", versions(script, other, folder, project))
        if spelling == "script":
            rules = rules_after(script, folder, project)
            terraform = render(policy, target, "terraform", folder)
            verdict(f"{target}.terraform", terraform_errors(terraform, rules))


def rules_after(script, folder, project):
    place = Project(folder, project)
    place.run(script)
    return place.state()["rules"]


def hostile_errors(folder):
    """Names that try to leave their place change nothing but the descriptions."""
    policy, errors = os.path.join(GOLDEN, "hostile-text/policy.yaml"), []
    script = render(policy, "gcloud", "script", folder)
    rules = own(rules_after(script, folder, []))
    with open(policy, encoding="utf-8") as file:
        flows = len(re.findall(r"^  - name:", file.read(), re.MULTILINE))
    if len(rules) != flows + 2: # what closes IPv4, out and in
        errors.append(f"{len(rules)} rules of {flows} flows")
    for name, rule in rules.items():
        if not DESCRIPTION.fullmatch(rule["description"]):
            errors.append(f"{name}: {rule['description']}")
    return errors


def write_policy(folder, networks, flows):
    path = os.path.join(folder, "made.yaml")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"flowrules": 1, "protects": ["ours"], "networks": networks, "flows": flows,
                   "targets": {"made": {"backend": "gcloud", "direction": "egress"}}}, file)
    return path


def packets_of(flow, networks):
    """A packet of each of a flow's sources."""
    sources = flow["source"] if isinstance(flow["source"], list) else [flow["source"]]
    for text in networks["ours"]["members"] if "ours" in sources else sources:
        source = ipaddress.ip_network(text)[9]
        far = ["203.0.113.250", "2001:db8:ffff::1"] if flow["destination"] == "any" else \
            [peer.partition("/")[0] for peer in flow["destination"]]
        (peer,) = [a for a in map(ipaddress.ip_address, far) if a.version == source.version]
        port = flow["port"][0] if isinstance(flow["port"], list) else flow["port"]
        yield (flow["protocol"][0] if isinstance(flow["protocol"], list) else flow["protocol"],
               (source, peer), port)


def merged_errors(folder):
    """More flows than stand alone are merged: fewer rules, and the same packets."""
    chance = random.Random(2)
    networks = {"ours": {"members": ["10.0.0.0/16", "2001:db8:1::/48"]}}
    flows = []
    for i in range(160):
        source = chance.choice(["10.0.1.0/24", "10.0.2.0/24", "2001:db8:1:1::/64", "ours"])
        four = chance.choice([f"198.51.100.{i % 20 + 1}", "192.0.2.0/25"])
        flows.append({"name": f"flow-{i}", "source": source, "protocol": chance.choice(
            [["tcp"], ["tcp", "udp"], ["sctp"]]), "port": chance.choice([80, 443, [22, 8000]]),
                      "destination": "any" if i % 30 == 0 else [four, f"2001:db8:2::{i % 7 + 1:x}"],
                      "action": "deny" if i % 40 == 1 else "allow"})
        if i % 30 == 0:
            flows[-1].update(source=["10.0.7.0/24", "2001:db8:1:7::/64"][i // 30 % 2],
                             protocol="tcp", port=9000)
    path = write_policy(folder, networks, flows)
    script = render(path, "made", "script", folder)
    rules = list(own(rules_after(script, folder, [])).values())
    many = [] if len(rules) < 160 else [f"{len(rules)} rules of {len(flows)} flows"]
    return many + decide(path, rules, [("EGRESS", packet) for flow in flows
                                       for packet in packets_of(flow, networks)])


def names_errors(folder):
    """More names than a rule takes are cut; all of them are there."""
    names = {f"host-{i}.example.com" for i in range(250)}
    networks = {"ours": {"members": ["10.0.0.0/16"]}, "far": {"members": sorted(names)}}
    path = write_policy(folder, networks, [{"name": "far", "source": "ours", "destination": "far",
                                            "protocol": "tcp", "port": 443}])
    script, place = render(path, "made", "policy", folder), Project(folder, [])
    status, _, said = place.run(script)
    if status != 0:
        return [said]
    (policy,) = place.state()["policies"].values()
    told = [name for rule in policy["rules"].values() for name in rule["ends"].get("dest-fqdns", [])]
    return [] if sorted(told) == sorted(names) and len(policy["rules"]) == 4 else [str(told)]


# ---- filters, as the SDK reads them ---------------------------------------------------------

ASK_THE_SDK = """
import json, sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/third_party"]
from googlecloudsdk.core.resource import resource_filter
cases = json.load(sys.stdin)
print(json.dumps([bool(resource_filter.Compile(e).Evaluate(item)) for e, item in cases]))
"""


def filter_cases(folder):
    """Each filter of the scripts, with resources that it takes and that it leaves."""
    policy = os.path.join(GOLDEN, "gcloud/policy.yaml")
    logs = []
    for number, spelling in enumerate(("script", "policy")):
        place = os.path.join(folder, str(number))
        os.makedirs(place)
        script = render(policy, next(iter(TARGETS)), spelling, place)
        logs += Project(place, []).run(script)[1] if script else []
    filters = sorted({word.split("=", 1)[1] for command in logs for word in command
                      if word.startswith("--filter=")})
    networks = {re.search(r"/networks/([^$]+)", f).group(1) for f in filters if "/networks/" in f}
    name = next(re.search(r"name ~ \^([^\[ ]+?)--", f).group(1) for f in filters if "name ~" in f)
    items = [{"name": f"{name}--{tail}", "description": description, "network": f"x/networks/{n}",
              "associations": [{"name": "a", "attachmentTarget": f"https://x/global/networks/{n}"}]}
             for n in sorted(networks) + ["elsewhere", sorted(networks)[0] + "-2"]
             for tail in ("0123abcd", "a-1f7d90f3", "")
             for description in ("flowrules: a", "of somebody, not flowrules")]
    items.append({"name": f"{name}--0123abcd", "description": "flowrules"})  # of no network
    return [(f, item) for f in filters for item in items]


def stub_takes(expression, item):
    """What the stand-in makes of it, which keeps associations by name."""
    kept = dict(item, associations={a["name"]: a["attachmentTarget"]
                                    for a in item.get("associations", [])})
    kept.setdefault("network", "")
    return bool(filtered({item["name"]: kept}, expression))


def check_filters(folder):
    """The stand-in reads filters as gcloud does: gcloud's own code is asked where there is some."""
    client = shutil.which("gcloud")
    library = client and os.path.join(os.path.dirname(os.path.realpath(client)), "../lib")
    if not library or not os.path.isdir(os.path.join(library, "googlecloudsdk")):
        tell("skip", "filters", "the Google Cloud SDK is not installed")
        return
    cases = filter_cases(folder)
    result = subprocess.run([sys.executable, "-c", ASK_THE_SDK, library], input=json.dumps(cases),
                            capture_output=True, text=True, check=False)
    if result.returncode != 0:
        verdict("filters", [result.stderr.strip().split("\n")[-1]])
        return
    taken = json.loads(result.stdout)
    errors = [f"{e} of {item}: the SDK says {says}" for (e, item), says in zip(cases, taken)
              if stub_takes(e, item) != says]
    if not any(taken) or all(taken):
        errors.append("nothing was decided")
    verdict("filters", errors)


def main():
    schemas.hold_own(("google_compute_firewall",), verdict, tell)
    policy = os.path.join(GOLDEN, "gcloud/policy.yaml")
    for target, project in TARGETS.items():
        with tempfile.TemporaryDirectory() as folder:
            try_target(policy, target, project, folder)
    for case in DECIDED:
        path = os.path.join(GOLDEN, case, "policy.yaml")
        with tempfile.TemporaryDirectory() as folder:
            script = render(path, "gcloud", "script", folder)
            if script is not None:
                verdict(f"{case} packets", decide(path, list(own(rules_after(
                    script, folder, [])).values())))
            script = render(path, "gcloud", "policy", folder)
            if script is not None:
                place = Project(folder, [])
                place.run(script)
                (made,) = place.state()["policies"].values()
                verdict(f"{case} packets of a policy", decide(path, list(made["rules"].values())))
    for case, target in (("traps", "google"), ("limits", "google-ports")):
        path = os.path.join(GOLDEN, case, "policy.yaml")
        with tempfile.TemporaryDirectory() as folder:
            rules = rules_after(render(path, target, "script", folder), folder, [])
            verdict(f"{case}.terraform", terraform_errors(
                render(path, target, "terraform", folder), rules))
    with tempfile.TemporaryDirectory() as folder:
        verdict("hostile-text", hostile_errors(folder))
        verdict("merged rules", merged_errors(folder))
        verdict("names cut", names_errors(folder))
    with tempfile.TemporaryDirectory() as folder:
        check_filters(folder)
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    sys.exit(counts["FAIL"] > 0)


if __name__ == "__main__":
    main()
