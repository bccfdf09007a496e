"""Holds rendered network security groups against Azure's schemas, against what Azure refuses
without a schema saying so, and against the policy itself, by deciding packets as Azure would.
"""
import ipaddress
import json
import os
import random
import re
import shutil
import subprocess
import tempfile

import schemas

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
TOOL = os.environ.get("FLOWRULES", os.path.join(ROOT, "build/flowrules"))
AS_OF = os.environ.get("AS_OF", "2026-11-23")
GOLDEN = os.path.join(ROOT, "tests/golden")

# Policy and target; a backend's name is the target with its defaults.
TARGETS = [(os.path.join(GOLDEN, "azure-nsg/policy.yaml"), target)
           for target in ("nsg-main", "nsg-groups", "nsg-anywhere", "nsg-out", "nsg-widened")]
# Policies all of which a network security group can say: packets are decided for these.
DECIDED = ["denies", "direction", "families", "groups", "log", "ranges-except"]
TARGETS += [(os.path.join(GOLDEN, case, "policy.yaml"), "azure-nsg")
            for case in DECIDED + ["hostile-text", "expires"]]
TARGETS += [(os.path.join(GOLDEN, "traps/policy.yaml"), "azure")]
SUFFIXES = {"arm": ".arm.json", "json": ".rules.json", "terraform": ".tf.json"}

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
    """The JSON of a target in a format, or None."""
    result = run(TOOL, "render", policy, "-t", f"{target}:{spelling}", "-o", folder,
                 "--as-of", AS_OF)
    if result.returncode != 0:
        tell("FAIL", f"{target}.{spelling}", f"render: status {result.returncode}")
        print(result.stderr)
        return None
    with open(os.path.join(folder, target + SUFFIXES[spelling]), encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=unique)


def unique(pairs):
    """A JSON object; a key that comes twice is a mistake that Python would let pass."""
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
    return dict(pairs)


# ---- what Azure refuses ---------------------------------------------------------------------


def side_errors(name, rule, side):
    """One side of a rule: one way of saying it, in the form that Azure takes there."""
    address, addresses = rule.get(side + "AddressPrefix"), rule.get(side + "AddressPrefixes")
    groups = rule.get(side + "ApplicationSecurityGroups")
    port, ports = rule.get(side + "PortRange"), rule.get(side + "PortRanges")
    errors = []
    if sum(value is not None for value in (address, addresses, groups)) != 1:
        errors.append(f"{name}: {side} is not said in one way")
    if (port is None) == (ports is None):
        errors.append(f"{name}: the ports of {side} are not said in one way")
    if groups is not None and not 1 <= len(groups) <= 10:
        errors.append(f"{name}: {len(groups)} application security groups")
    for text in ports or ([] if port in (None, "*") else [port]):
        first, _, last = text.partition("-")
        if not 0 <= int(first) <= int(last or first) <= 65535:
            errors.append(f"{name}: port {text}")
    if addresses is not None and len(addresses) < 2:
        errors.append(f"{name}: a list of {len(addresses)}")
    networks = prefixes(rule, side)
    for i, network in enumerate(networks):
        for other in networks[:i]:
            if network.version != other.version:
                errors.append(f"{name}: {network} and {other} in one rule")
            elif network.overlaps(other):
                errors.append(f"{name}: {network} overlaps {other}")
    return errors


def prefixes(rule, side):
    """The networks of a side; none where it is "*", a tag or a group. Host bits are an error."""
    texts = rule.get(side + "AddressPrefixes") or [rule.get(side + "AddressPrefix") or "*"]
    return [ipaddress.ip_network(text) for text in texts
            if text != "*" and not re.fullmatch(r"[A-Za-z][A-Za-z0-9.]*", text)]


def rule_errors(rules):
    """What Azure refuses of a list of rules, each as in securityRules."""
    errors, names, taken = [], set(), set()
    totals = {"source": 0, "destination": 0}
    for entry in rules:
        name, rule = entry["name"], entry["properties"]
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,78}[A-Za-z0-9_])?", name):
            errors.append(f"{name}: no name of a rule")
        if name.lower() in names:
            errors.append(f"{name}: twice")
        if (rule["direction"], rule["priority"]) in taken:
            errors.append(f"{name}: priority {rule['priority']} twice")
        if not 100 <= rule["priority"] <= 4096:
            errors.append(f"{name}: priority {rule['priority']}")
        if not 1 <= len(rule["description"]) <= 140:
            errors.append(f"{name}: a description of {len(rule['description'])} characters")
        if rule["protocol"] in ("Icmp", "Esp", "Ah", "*"):
            for field in ("sourcePortRange", "destinationPortRange"):
                if rule["protocol"] != "*" and rule.get(field) != "*":
                    errors.append(f"{name}: ports of {rule['protocol']}")
        names.add(name.lower())
        taken.add((rule["direction"], rule["priority"]))
        for side in totals:
            errors += side_errors(name, rule, side)
            totals[side] += len(prefixes(rule, side))
        versions = {network.version for side in totals for network in prefixes(rule, side)}
        if len(versions) > 1:
            errors.append(f"{name}: two families")
    if len(rules) > 1000 or max(totals.values()) > 4000:
        errors.append(f"{len(rules)} rules, {totals} addresses")
    return errors + closing_errors(rules)


def closing_errors(rules):
    """Each direction with rules ends in a deny of everything, above Azure's own allows."""
    errors = []
    for direction in sorted({entry["properties"]["direction"] for entry in rules}):
        last = max((entry["properties"] for entry in rules
                    if entry["properties"]["direction"] == direction),
                   key=lambda rule: rule["priority"])
        want = {"priority": 4096, "access": "Deny", "protocol": "*", "sourceAddressPrefix": "*",
                "sourcePortRange": "*", "destinationAddressPrefix": "*",
                "destinationPortRange": "*"}
        if any(last.get(key) != value for key, value in want.items()):
            errors.append(f"{direction} is not closed by a deny of everything at 4096")
    return errors


def expressions(value, path="$"):
    """The strings of a template that Azure would evaluate."""
    if isinstance(value, str):
        return [path] if value.startswith("[") else []
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else []
    return [found for key, item in items for found in expressions(item, f"{path}.{key}")]


# ---- schemas --------------------------------------------------------------------------------


def arm_errors(template):
    errors = schemas.errors("networkSecurityGroups", template["resources"][0])
    if len(template["resources"]) != 1 or template["$schema"] != \
            "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#":
        errors.append("the template is not one group's")
    return errors


def terraform_errors(document):
    (resource,) = document["resource"]["azurerm_network_security_group"].values()
    return schemas.errors("azurerm_network_security_group", resource)


# ---- Terraform ------------------------------------------------------------------------------

SINGULAR = {"prefix": "AddressPrefix", "prefixes": "AddressPrefixes", "range": "PortRange",
            "ranges": "PortRanges"}


def from_terraform(rules):
    """Rules of Terraform as those of a template: what says nothing is left out."""
    result = []
    for rule in rules:
        properties = {}
        for key, value in rule.items():
            if key == "name" or value in ("", []):
                continue
            side, _, field = key.partition("_")
            if key.endswith("_application_security_group_ids"):
                properties[side + "ApplicationSecurityGroups"] = [{"id": i} for i in value]
            elif side in ("source", "destination"):
                properties[side + SINGULAR[field.rpartition("_")[2]]] = value
            else:
                properties[key] = value
        result.append({"name": rule["name"], "properties": properties})
    return result


def evaluated(document, folder):
    """The rules as Terraform itself understands their strings; no provider is needed for that."""
    (resource,) = document["resource"]["azurerm_network_security_group"].values()
    work = os.path.join(folder, "terraform")
    os.mkdir(work)
    with open(os.path.join(work, "main.tf.json"), "w", encoding="utf-8") as file:
        json.dump({"output": {"rules": {"value": resource["security_rule"]}}}, file)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    environment["CHECKPOINT_DISABLE"] = "1"
    for arguments in (("init", "-input=false"), ("apply", "-auto-approve", "-input=false")):
        result = run("terraform", *arguments, cwd=work, env=environment)
        if result.returncode != 0:
            raise ValueError(result.stdout + result.stderr)
    result = run("terraform", "output", "-json", "rules", cwd=work, env=environment)
    shutil.rmtree(work)
    return json.loads(result.stdout)


# ---- packets --------------------------------------------------------------------------------

PROTOCOLS = {"Tcp": "tcp", "Udp": "udp", "Icmp": "icmp", "Esp": "esp", "Ah": "ah", "*": "sctp"}


def matches(rule, packet_):
    protocol, ends, ports = packet_
    if rule["protocol"] not in ("*", protocol):
        return False
    for side, address, port in zip(("source", "destination"), ends, ports):
        if rule.get(side + "AddressPrefix") != "*" and not any(
                address in network for network in prefixes(rule, side)
                if network.version == address.version):
            return False
        wanted = rule.get(side + "PortRanges") or [rule[side + "PortRange"]]
        if port is not None and "*" not in wanted and not any(
                int(text.split("-")[0]) <= port <= int(text.split("-")[-1]) for text in wanted):
            return False
    return True


def passes(rules, direction, packet_):
    """What Azure decides: the first rule by priority that matches."""
    for rule in sorted((entry["properties"] for entry in rules), key=lambda r: r["priority"]):
        if rule["direction"] == direction and matches(rule, packet_):
            return rule["access"] == "Allow"
    raise ValueError("no rule matches")


def edges(network):
    """Addresses at the edges of a network, inside and outside."""
    first, last = network[0], network[-1]
    return [first, last] + [address for address in (first - 1 if int(first) else first,
                                                    last + 1 if int(last) + 1 < 1 <<
                                                    network.max_prefixlen else last)]


def written(policy):
    """The networks and ports that stand in a policy's text, whatever became of them in rules."""
    with open(policy, encoding="utf-8") as file:
        text = re.sub(r"#.*", "", file.read())
    networks = set()
    for word in re.findall(r"[0-9a-f]*[.:][0-9a-f.:]+(?:/[0-9]+)?", text):
        try:
            networks.add(ipaddress.ip_network(word.rstrip(":")))
        except ValueError:
            continue
    ports = {int(number) for value in re.findall(r"port: (\[[^]]*\]|[0-9-]+)", text)
             for number in re.findall(r"[0-9]+", value)}
    near = {number + step for number in ports for step in (-1, 0, 1)}
    return sorted(networks, key=str), sorted(near & set(range(65536)))


def services(ports):
    return [(protocol, port) for protocol in ("Tcp", "Udp") for port in ports] + \
        [("Icmp", None), ("Esp", None), ("*", 9)]


def packet(near, far, service, outbound):
    protocol, port = service
    return (protocol, (near, far) if outbound else (far, near),
            (None if port is None else 40000, port))


def within(rules, chance):
    """Two packets that each rule matches: few that are tried at random would be."""
    for rule in (entry["properties"] for entry in rules):
        ends = [[end for network in prefixes(rule, side) for end in edges(network)[:2]]
                for side in ("source", "destination")]
        wanted = rule.get("destinationPortRanges") or [rule["destinationPortRange"]]
        if all(ends) and rule["protocol"] in ("Tcp", "Udp") and "*" not in wanted:
            for _ in range(2):
                port = int(chance.choice(re.split("-", chance.choice(wanted))))
                yield packet(*map(chance.choice, ends), (rule["protocol"], port), True)


def around(policy, ours, chance):
    """Packets at the edges of what a policy speaks of, one of their ends protected."""
    networks, ports = written(policy)
    choices = [packet(own[0], far, service, outbound)
               for network in networks for far in edges(network)
               for own in ours if own.version == far.version
               for service in services(ports) if far.version == 4 or service[0] != "Icmp"
               for outbound in (True, False)]
    return chance.sample(choices, min(300, len(choices)))


def decides(rules, ours, packet_):
    """What Azure decides where it stands at each end that is protected; None where at neither."""
    directions = [direction for direction, end in zip(("Outbound", "Inbound"), packet_[1])
                  if any(end in own for own in ours if own.version == end.version)]
    return all(passes(rules, direction, packet_) for direction in directions) \
        if directions else None


def question(packet_):
    protocol, ends, ports = packet_
    texts = []
    for address, port in zip(ends, ports):
        text = f"[{address}]" if address.version == 6 else str(address)
        texts.append(text if port is None else f"{text}:{port}")
    return f"{PROTOCOLS[protocol]} {texts[0]} -> {texts[1]}"


def protected(rules):
    sides = {"Outbound": "source", "Inbound": "destination"}
    return sorted({network for entry in rules for network in prefixes(
        entry["properties"], sides[entry["properties"]["direction"]])}, key=str)


def decide(policy, rules):
    """Azure's decision against the policy's, packet by packet."""
    errors, asked, allowed, chance = [], 0, 0, random.Random(1)
    ours = protected(rules)
    for tried in [*within(rules, chance), *around(policy, ours, chance)]:
        got = decides(rules, ours, tried)
        if got is None:
            continue
        result = run(TOOL, "query", policy, question(tried), "--as-of", AS_OF, "--quiet", "-t",
                     "plain")
        want = {0: True, 1: False}.get(result.returncode)
        asked, allowed = asked + 1, allowed + got
        if want is None or want != got:
            errors.append(f"{question(tried)}: the policy says {want}, Azure {got}")
    if not 0 < allowed < asked:
        errors.append(f"of {asked} packets {allowed} were allowed: that tries nothing")
    return errors


# ---- limits ---------------------------------------------------------------------------------

GROUP_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/applicationSecurityGroups"


def address(number):
    return str(ipaddress.ip_address("198.18.0.0") + number)


def rules_policy(count):
    """A policy of so many rules, none of which can be merged with another."""
    flows = [{"name": f"flow-{i}", "source": f"10.0.{i // 250}.{i % 250}",
              "destination": address(i), "protocol": "tcp", "port": i + 1}
             for i in range(count - 1)]
    return {}, flows


def addresses_policy(count):
    members = [address(2 * i) for i in range(count)]
    return {"far": {"members": members}}, [{"name": "flow", "source": "ours", "destination": "far",
                                            "protocol": "tcp", "port": 443}]


def groups_policy(count):
    networks = {f"asg-{i}": {"azure-nsg": {"application-security-group": f"{GROUP_ID}/asg-{i}"}}
                for i in range(count)}
    return networks, [{"name": name, "source": "ours", "destination": name, "protocol": "tcp",
                       "port": 443} for name in networks]


LIMITS = [("rules", 1000, rules_policy, "1001 rules, but Azure takes 1000"),
          ("addresses", 4000, addresses_policy, "4001 addresses and prefixes"),
          ("groups", 100, groups_policy, "101 application security groups")]


def limit_errors(folder, limit, make, message):
    """A policy at a limit is rendered, and one past it refused."""
    errors = []
    path = os.path.join(folder, "limit.yaml")
    for count, status in ((limit, 0), (limit + 1, 4)):
        networks, flows = make(count)
        target = {"backend": "azure-nsg", "direction": "egress"}
        policy = {"flowrules": 1, "protects": ["ours"], "targets": {"limit": target},
                  "networks": {"ours": {"members": ["10.0.0.0/16"]}, **networks}, "flows": flows}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(policy, file)
        result = run(TOOL, "render", path, "-t", "limit", "--as-of", AS_OF)
        if result.returncode != status or (message in result.stderr) != (status != 0):
            errors.append(f"{count}: status {result.returncode}: {result.stderr[:300]}")
        elif status == 0:
            template = json.loads(result.stdout)
            errors += rule_errors(template["resources"][0]["properties"]["securityRules"])
    return errors


# ---- the suite ------------------------------------------------------------------------------


def try_target(policy, target, folder):
    name = f"{os.path.basename(os.path.dirname(policy))}/{target}"
    got = {spelling: render(policy, target, spelling, folder) for spelling in SUFFIXES}
    if None in got.values():
        return
    rules = got["arm"]["resources"][0]["properties"]["securityRules"]
    verdict(f"{name} schema of the template", arm_errors(got["arm"]))
    verdict(f"{name} schema of Terraform", terraform_errors(got["terraform"]))
    verdict(f"{name} rules as Azure takes them", rule_errors(rules))
    evaluates = [path for path in expressions(got["arm"]) if path != "$.resources.0.location"]
    verdict(f"{name} no expression but the location", evaluates)
    (resource,) = got["terraform"]["resource"]["azurerm_network_security_group"].values()
    same = [strip(rules), strip(got["json"]), strip(from_terraform(resource["security_rule"]))]
    verdict(f"{name} the same in each format",
            [] if same[0] == same[1] == same[2] else ["the formats differ"])
    if shutil.which("terraform"):
        values = evaluated(got["terraform"], folder)
        verdict(f"{name} strings as Terraform reads them",
                [] if values == resource["security_rule"] else ["a string is a template"])
    else:
        tell("skip", f"{name} terraform", "it is not installed")


def strip(rules):
    """Rules without the version, which tells formats apart."""
    return json.loads(re.sub(r"version [0-9a-f]{8}", "version", json.dumps(rules)))


def main():
    schemas.hold_own(("networkSecurityGroups", "azurerm_network_security_group"), verdict, tell)
    with tempfile.TemporaryDirectory() as folder:
        for policy, target in TARGETS:
            try_target(policy, target, folder)
        for case in DECIDED:
            policy = os.path.join(GOLDEN, case, "policy.yaml")
            template = render(policy, "azure-nsg", "arm", folder)
            if template is not None:
                rules = template["resources"][0]["properties"]["securityRules"]
                verdict(f"{case} packets", decide(policy, rules))
        for name, limit, make, message in LIMITS:
            verdict(f"limit of {name}", limit_errors(folder, limit, make, message))
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
