"""A gcloud with a project of its own in the file $GCLOUD_STATE: takes the commands that scripts of
flowrules use, refuses what Google refuses, and keeps what was said. $GCLOUD_LOG gets a line for
each command; with $GCLOUD_FAIL the command of that number fails.
"""
import ipaddress
import json
import os
import re
import sys

LABEL = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
ACCOUNT = r"[a-z0-9.:-]+@[a-z0-9.-]+"
PROTOCOLS = {"tcp", "udp", "icmp", "esp", "ah", "sctp", "ipip", "all"}


class Refused(Exception):
    """What Google would not take."""


def need(condition, message):
    if not condition:
        raise Refused(message)


def options(arguments, known):
    """Positional arguments, and flags; every flag must be known, and comes once."""
    places, flags = [], {}
    for argument in arguments:
        if not argument.startswith("--"):
            places.append(argument)
            continue
        name, equals, value = argument[2:].partition("=")
        need(name in known, f"unrecognized argument --{name}")
        need(name not in flags, f"--{name} twice")
        need(bool(equals) == known[name], f"--{name} takes {'a' if known[name] else 'no'} value")
        need(not equals or value != "", f"--{name} is empty")
        flags[name] = value if equals else True
    return places, flags


def check_layer4(text):
    configs = []
    for item in text.split(","):
        protocol, colon, ports = item.partition(":")
        need(protocol in PROTOCOLS or protocol.isdigit() and int(protocol) < 256,
             f"no protocol: {item}")
        if colon:
            need(protocol in ("tcp", "udp", "sctp"), f"ports of {protocol}")
            need(re.fullmatch(r"\d+(-\d+)?", ports), f"ports {ports}")
            first, _, last = ports.partition("-")
            need(int(first) <= int(last or first) <= 65535, f"ports {ports}")
        need(not protocol.isdigit() or int(protocol) not in (1, 6, 17, 50, 51, 132),
             f"{protocol} has a name: the rule would be another one's double")
        configs.append(item)
    need(len(configs) == len(set(configs)), f"twice in {text}")
    need("all" not in configs or len(configs) == 1, f"all, and more: {text}")
    need(sum(":" in item for item in configs) <= 256, "more than 256 ports")
    return configs


def check_ranges(text, most):
    networks = [ipaddress.ip_network(item) for item in text.split(",")] # host bits: ValueError
    need(len(networks) <= most, f"{len(networks)} ranges")
    need(all("/" in item for item in text.split(",")), f"no prefix length in {text}")
    need(len({network.version for network in networks}) == 1, "IPv4 and IPv6 in one rule")
    need(text == ",".join(str(network) for network in networks), f"not canonical: {text}")
    return networks


def check_ends(flags, names, most):
    """The ends of a rule; names: source ranges, destination ranges, all other fields."""
    ends = {name: flags[name].split(",") for name in names if name in flags}
    versions = {check_ranges(flags[name], most)[0].version for name in names[:2] if name in flags}
    need(len(versions) <= 1, "IPv4 and IPv6 in one rule")
    limits = {"source-tags": (30, LABEL), "target-tags": (70, LABEL),
              "source-service-accounts": (10, ACCOUNT), "target-service-accounts": (10, ACCOUNT),
              "src-secure-tags": (256, r"[\w./-]+"), "target-secure-tags": (256, r"[\w./-]+"),
              "dest-fqdns": (100, r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")}
    for name in names[2:]:
        values = ends.get(name, [])
        need(len(values) <= limits[name][0], f"{len(values)} values of --{name}")
        for value in values:
            need(re.fullmatch(limits[name][1], value), f"--{name}={value}")
    kinds = {name.partition("-")[2] for name in names[2:] if name in flags and "fqdn" not in name}
    need(len(kinds) <= 1, f"{kinds} in one rule")
    return ends


RULE = {"rules": True, "source-ranges": True, "destination-ranges": True, "source-tags": True,
        "source-service-accounts": True, "target-tags": True, "target-service-accounts": True,
        "priority": True, "description": True, "enable-logging": False,
        "no-enable-logging": False}
ENDS = ["source-ranges", "destination-ranges", "source-tags", "source-service-accounts",
        "target-tags", "target-service-accounts"]


def check_rule(flags, direction):
    need("destination-ranges" in flags or direction == "INGRESS",
         "an egress rule without --destination-ranges is for 0.0.0.0/0")
    need(direction == "EGRESS" or any(name in flags for name in (
        "source-ranges", "source-tags", "source-service-accounts")),
         "an ingress rule without a source is for 0.0.0.0/0")
    need(direction == "INGRESS" or not {"source-tags", "source-service-accounts"} & set(flags),
         "an egress rule has no source tags and accounts")
    need(len({"source-ranges", "source-tags", "source-service-accounts"} & set(flags)) <= 1,
         "sources of two kinds are a union")
    need(0 <= int(flags["priority"]) <= 65535, flags["priority"])
    need(len(flags.get("description", "")) <= 2048, "a long description")
    return {"direction": direction, "priority": int(flags["priority"]),
            "rules": check_layer4(flags["rules"]), "ends": check_ends(flags, ENDS, 256),
            "description": flags.get("description", ""), "log": "enable-logging" in flags,
            "disabled": False}


def filtered(items, expression):
    """The names of those that KEY ~ EXPRESSION AND ... matches."""
    for clause in expression.split(" AND "):
        key, pattern = re.fullmatch(r"([a-z\[\]A-Z.]+) ~ (\S+)", clause).groups()
        if key == "associations[].attachmentTarget":
            items = {name: item for name, item in items.items()
                     if any(re.search(pattern, target) for target in item["associations"].values())}
        else:
            items = {name: item for name, item in items.items()
                     if re.search(pattern, name if key == "name" else item[key])}
    return items


def firewall_rules(state, verb, arguments):
    rules = state["rules"]
    if verb == "list":
        _, flags = options(arguments, {"filter": True, "sort-by": True, "format": True})
        need(flags["format"] == "value(name)" and flags["sort-by"] == "~priority", "list")
        found = filtered(rules, flags["filter"])
        for name in sorted(found, key=lambda name: -found[name]["priority"]):
            print(name)
        return
    if verb == "delete":
        (name,), _ = options(arguments, {})
        need(name in rules, f"{name} was not found")
        del rules[name]
        return
    if verb == "update":
        (name,), flags = options(arguments, {**RULE, "no-disabled": False})
        need(name in rules, f"{name} was not found")
        old = rules[name]
        rules[name] = {**check_rule(flags, old["direction"]), "action": old["action"],
                       "network": old["network"]}
        need(set(rules[name]["ends"]) == set(old["ends"]), "an update with other fields")
        return
    need(verb == "create", verb)
    (name,), flags = options(arguments, {**RULE, "network": True, "direction": True,
                                         "action": True})
    need(re.fullmatch(LABEL, name), f"no name: {name}")
    need(name not in rules, f"{name} already exists")
    need(flags["action"] in ("ALLOW", "DENY"), flags["action"])
    need(flags["direction"] in ("EGRESS", "INGRESS"), flags["direction"])
    rules[name] = {**check_rule(flags, flags["direction"]), "action": flags["action"],
                   "network": flags["network"]}


PLACES = {"global": False, "region": True}
SCOPES = {"firewall-policy": True, "global-firewall-policy": False,
          "firewall-policy-region": True}
POLICY_ENDS = ["src-ip-ranges", "dest-ip-ranges", "src-secure-tags", "dest-fqdns",
               "target-secure-tags", "target-service-accounts"]


def place_of(flags, word):
    everywhere = word.replace("region", "global") if word != "firewall-policy-region" else \
        "global-firewall-policy"
    need((everywhere in flags) != (word in flags), "global, or of a region?")
    return flags.get(word, "global")


def policy_rule(state, verb, arguments):
    need(verb == "create", verb)
    known = {name: True for name in POLICY_ENDS + ["direction", "action", "layer4-configs",
                                                   "description"]}
    (priority,), flags = options(arguments, {**SCOPES, **known, "enable-logging": False})
    policy = state["policies"][flags["firewall-policy"]]
    need(place_of(flags, "firewall-policy-region") == policy["place"], "another place")
    need(re.fullmatch(r"\d+", priority) and int(priority) <= 65535, priority)
    need(priority not in policy["rules"], f"priority {priority} twice")
    need(flags["action"] in ("allow", "deny"), flags["action"])
    egress = flags["direction"] == "EGRESS"
    need(egress or flags["direction"] == "INGRESS", flags["direction"])
    need(not egress or {"dest-ip-ranges", "dest-fqdns"} & set(flags), "no destination")
    need(egress or {"src-ip-ranges", "src-secure-tags"} & set(flags), "no source")
    need(not egress or "src-secure-tags" not in flags, "an egress rule has no source tags")
    policy["rules"][priority] = {
        "direction": flags["direction"], "action": flags["action"].upper(),
        "priority": int(priority), "rules": check_layer4(flags["layer4-configs"]),
        "ends": check_ends(flags, POLICY_ENDS, 5000), "log": "enable-logging" in flags,
        "description": flags["description"]}


def association(state, verb, arguments):
    (places), flags = options(arguments, {**SCOPES, "name": True, "network": True,
                                          "replace-association-on-target": False})
    need(places == [], places)
    policy = state["policies"][flags["firewall-policy"]]
    place = place_of(flags, "firewall-policy-region")
    need(place == policy["place"], "another place")
    if verb == "delete":
        del policy["associations"][flags["name"]]
        return
    need(verb == "create", verb)
    target = f"https://www.googleapis.com/compute/v1/projects/p/global/networks/{flags['network']}"
    for other in state["policies"].values():
        for name in [n for n, t in other["associations"].items() if t == target]:
            if other["place"] == place:
                need("replace-association-on-target" in flags, "the network has a policy already")
                del other["associations"][name]
    policy["associations"][flags["name"]] = target


def network_firewall_policies(state, verb, arguments):
    policies = state["policies"]
    if verb == "rules":
        policy_rule(state, arguments[0], arguments[1:])
    elif verb == "associations":
        association(state, arguments[0], arguments[1:])
    elif verb == "list":
        _, flags = options(arguments, {"filter": True, "format": True, "global": False,
                                       "regions": True})
        need(flags["format"] == "value(name)", "list")
        place = flags.get("regions", "global")
        need(("global" in flags) == (place == "global"), "global, or of a region?")
        here = {name: policy for name, policy in policies.items() if policy["place"] == place}
        for name in filtered(here, flags["filter"]):
            print(name)
    elif verb == "create":
        (name,), flags = options(arguments, {**PLACES, "description": True})
        need(re.fullmatch(LABEL, name) and name not in policies, name)
        policies[name] = {"place": place_of(flags, "region"), "rules": {}, "associations": {},
                          "description": flags["description"]}
    else:
        need(verb == "delete", verb)
        (name,), flags = options(arguments, PLACES)
        need(policies[name]["place"] == place_of(flags, "region"), "another place")
        need(not policies[name]["associations"], f"{name} is in use")
        del policies[name]


def networks(state, verb, arguments):
    (name,), flags = options(arguments, {"format": True})
    need(verb == "describe" and flags["format"] == "value(networkFirewallPolicyEnforcementOrder)",
         verb)
    print(state["orders"].get(name, "AFTER_CLASSIC_FIREWALL"))


GROUPS = {"firewall-rules": firewall_rules, "networks": networks,
          "network-firewall-policies": network_firewall_policies}


def main(arguments):
    path, log = os.environ["GCLOUD_STATE"], os.environ["GCLOUD_LOG"]
    with open(log, "a+", encoding="utf-8") as file:
        file.seek(0)
        number = len(file.readlines()) + 1
        file.write(json.dumps(arguments) + "\n")
    with open(path, encoding="utf-8") as file:
        state = json.load(file)
    need(str(number) != os.environ.get("GCLOUD_FAIL"), "the network is down")
    need(sys.stdin.read(1) == "", "gcloud read what was meant for the script")
    need(arguments[0] == "compute" and arguments.count("--quiet") == 1, "--quiet")
    arguments.remove("--quiet")
    projects = [argument for argument in arguments if argument.startswith("--project=")]
    need(projects == state["project"], f"{projects}, not {state['project']}")
    arguments = [argument for argument in arguments if argument not in projects]
    GROUPS[arguments[1]](state, arguments[2], arguments[3:])
    with open(path, "w", encoding="utf-8") as file:
        json.dump(state, file)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (Refused, ValueError, KeyError) as error:
        sys.exit(f"ERROR: (gcloud) {error!r}")
