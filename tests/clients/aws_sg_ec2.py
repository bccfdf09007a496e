#!/usr/bin/env python3
"""Stands in for `aws`: the calls of EC2 that the script of aws-sg makes, on a state in a file.

Refuses what EC2 or the AWS CLI would refuse of them, and notes each call. The state is JSON in
$EC2_STATE: groups by id, each with vpc, name and rules; "quota"; "fail" (a call that fails), "code";
"lag" (rules are not listed yet).
Facts: the EC2 model of botocore 1.43.11 and the errors that EC2 documents.
"""
import ipaddress
import json
import os
import re
import sys

PEERS = {"IpRanges": ("CidrIp", set()), "Ipv6Ranges": ("CidrIpv6", set()),
         "PrefixListIds": ("PrefixListId", set()), "UserIdGroupPairs": ("GroupId", {"UserId"})}
NAMES = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
# The query of the script: of the default egress that goes the mark, of others the description.
LIST_QUERY = re.compile(
    r"SecurityGroupRules\[\]\.\[join\('\|', \[IsEgress && 'egress' \|\| 'ingress', "
    r"(?:!contains\('([^']*)', join\('', \['([^']*)', CidrIpv4 \|\| CidrIpv6 \|\| '-', ' '\]\)\) && )?"
    r"(?:IsEgress && IpProtocol == '-1' && contains\('([^']*)', CidrIpv4 \|\| CidrIpv6 \|\| '-'\) && "
    r"'([^']*)' \|\| )?Description \|\| '-', SecurityGroupRuleId\]\)\]")
# IpPermissions as the CLI takes them besides JSON: one permission with one peer.
SHORTHAND = re.compile(r"IpProtocol=([^,=]+)(?:,FromPort=(-?[0-9]+),ToPort=(-?[0-9]+))?,([A-Za-z0-9]+)="
                       r"\[\{((?:[A-Za-z0-9]+=[^,'={}\[\]]+,?)+)(?:,Description='([^']*)')?\}\]")
DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")


class Refused(Exception):
    """An error of EC2 (with a code) or of the CLI (without)."""


def refuse_unless(good, code, text):
    if not good:
        raise Refused(f"An error occurred ({code}) when calling the operation: {text}" if code
                      else f"Parameter validation failed: {text}")


def check_ports(permission):
    protocol = permission["IpProtocol"]
    first, last = permission.get("FromPort"), permission.get("ToPort")
    refuse_unless((first is None) == (last is None), "InvalidParameterValue", "half a range")
    if protocol in ("tcp", "udp"):
        refuse_unless(first is not None and 0 <= first <= last <= 65535,
                      "InvalidParameterValue", f"ports {first} {last} of {protocol}")
    elif protocol in ("icmp", "icmpv6"):
        refuse_unless(first is not None and -1 <= first <= 255 and -1 <= last <= 255 and
                      (first != -1 or last == -1), "InvalidParameterValue", f"type {first} {last}")
    else:
        refuse_unless(re.fullmatch(r"-1|[0-9]{1,3}", protocol) and int(protocol) <= 255,
                      "InvalidParameterValue", f"protocol {protocol}")
        refuse_unless(protocol not in NAMES, "InvalidPermission.Duplicate", "by another name")
        refuse_unless(first is None, None, f"ports beside protocol {protocol}: all would pass")


def check_peer(kind, member, peer):
    value = peer[member]
    if kind in ("IpRanges", "Ipv6Ranges"):
        network = ipaddress.ip_network(value)  # host bits, which EC2 would mask, are an error here
        refuse_unless(str(network) == value and network.version == (4 if kind == "IpRanges" else 6),
                      "InvalidParameterValue", f"{value} is not canonical")
    elif kind == "PrefixListIds":
        refuse_unless(re.fullmatch("pl-[0-9a-f]{8,17}", value), "InvalidPrefixListId", value)
    else:
        refuse_unless(re.fullmatch("sg-[0-9a-f]{8,17}", value), "InvalidGroupId.Malformed", value)
        refuse_unless(re.fullmatch("[0-9]{12}", peer.get("UserId", "1" * 12)),
                      "InvalidParameterValue", peer.get("UserId"))


def rules_of(permissions):
    """The rules of IpPermissions: (protocol, first, last, kind, peer) and description."""
    refuse_unless(isinstance(permissions, list) and permissions, "MissingParameter", "none")
    rules = []
    for permission in permissions:
        unknown = set(permission) - {"IpProtocol", "FromPort", "ToPort"} - set(PEERS)
        refuse_unless(not unknown, None, f"Unknown parameter {unknown}")
        refuse_unless(isinstance(permission["IpProtocol"], str), None, "Invalid type of IpProtocol")
        for port in ("FromPort", "ToPort"):
            refuse_unless(type(permission.get(port, 0)) is int, None, f"Invalid type of {port}")
        check_ports(permission)
        for kind in PEERS:
            member, more = PEERS[kind]
            for peer in permission.get(kind, []):
                unknown = set(peer) - {member, "Description"} - more
                refuse_unless(not unknown, None, f"Unknown parameter {unknown}")
                description = peer.get("Description", "")
                refuse_unless(DESCRIPTION.fullmatch(description), "InvalidParameterValue",
                              f"description {description}")
                check_peer(kind, member, peer)
                rules.append(((permission["IpProtocol"], permission.get("FromPort"),
                               permission.get("ToPort"), kind, peer[member]), description))
    refuse_unless(rules, "MissingParameter", "a permission without a peer")
    return rules


def permissions_of(text):
    """--ip-permissions, JSON or shorthand."""
    if text.startswith("["):
        return json.loads(text)
    match = SHORTHAND.fullmatch(text)
    refuse_unless(match, None, f"shorthand {text}")
    protocol, first, last, kind, members, description = match.groups()
    peer = dict(member.split("=") for member in members.rstrip(",").split(","))
    if description is not None:
        peer["Description"] = description
    permission = {"IpProtocol": protocol, kind: [peer]}
    if first is not None:
        permission.update(FromPort=int(first), ToPort=int(last))
    return [permission]


def weight(key):
    """What a rule counts for IPv4 and IPv6."""
    return (key[3] != "Ipv6Ranges", key[3] != "IpRanges")


class Ec2:
    def __init__(self, state):
        self.state = state

    def rules(self, group, direction=None):
        return [r for r in self.state["groups"][group]["rules"]
                if direction in (None, r["direction"])]

    def find(self, group, direction, key):
        for rule in self.rules(group, direction):
            if tuple(rule["key"]) == key:
                return rule
        return None

    def authorize(self, direction, options):
        group = options["group-id"]
        new = rules_of(permissions_of(options["ip-permissions"]))
        for key, description in new:
            refuse_unless(self.find(group, direction, key) is None,
                          "InvalidPermission.Duplicate", f"the specified rule {key} exists")
            self.state["next"] += 1
            self.state["groups"][group]["rules"].append(
                {"id": f"sgr-{self.state['next']:08x}", "direction": direction, "key": key,
                 "description": description})
        for family in (0, 1):
            used = sum(weight(r["key"])[family] for r in self.rules(group, direction))
            refuse_unless(used <= self.state["quota"], "RulesPerSecurityGroupLimitExceeded",
                          "the maximum number of rules per security group has been reached")

    def revoke(self, direction, options):
        group = options["group-id"]
        if "security-group-rule-ids" in options:
            gone = [r for r in self.rules(group, direction)
                    if r["id"] == options["security-group-rule-ids"]]
            refuse_unless(gone, "InvalidSecurityGroupRuleId.NotFound", "no such rule")
        else:
            gone = [self.find(group, direction, key)
                    for key, _ in rules_of(permissions_of(options["ip-permissions"]))]
            refuse_unless(None not in gone, "InvalidPermission.NotFound", "no such rule")
        for rule in gone:
            self.state["groups"][group]["rules"].remove(rule)

    def describe_rules(self, options):
        group = re.fullmatch("Name=group-id,Values=(.*)", options["filters"])[1]
        refuse_unless(group in self.state["groups"], "InvalidGroup.NotFound", group)
        query = LIST_QUERY.fullmatch(re.sub(r"\s+", " ", options["query"]))
        refuse_unless(query, None, f"Bad value for --query {options['query']}")
        keeps, number, shuts, mark = query.groups()

        def text_of(rule):
            protocol, _, _, kind, cidr = rule["key"]
            cidr = cidr if "Cidr" in PEERS[kind][0] else "-"
            goes = (mark and rule["direction"] == "egress" and protocol == "-1" and cidr in shuts and
                    not (keeps and f"{number}{cidr} " in keeps))
            return mark if goes else rule["description"] or "-"
        rules = [] if self.state.get("lag") else self.rules(group)
        return "\n".join("|".join((r["direction"], text_of(r), r["id"])) for r in rules)

    def update(self, direction, options):
        for key, description in rules_of(permissions_of(options["ip-permissions"])):
            rule = self.find(options["group-id"], direction, key)
            refuse_unless(rule, "InvalidPermission.NotFound", "no such rule")
            rule["description"] = description

    def describe_groups(self, options):
        refuse_unless(options["query"] == "SecurityGroups[].GroupId", None, "--query")
        vpc, name = (re.fullmatch(f"Name={key},Values=(.*)", text)[1] for key, text in
                     zip(("vpc-id", "group-name"), options["filters"].split(" ")))
        return "\t".join(i for i, g in self.state["groups"].items()
                         if (g["vpc"], g["name"].lower()) == (vpc, name.lower()))

    def create(self, options):
        refuse_unless(options["query"] == "GroupId", None, "--query")
        refuse_unless(DESCRIPTION.fullmatch(options["description"]) and
                      not options["group-name"].startswith("sg-"), "InvalidParameterValue", "name")
        self.state["next"] += 1
        group = f"sg-{self.state['next']:017x}"
        self.state["groups"][group] = {"vpc": options["vpc-id"], "name": options["group-name"],
                                       "rules": [default_rule(self.state["next"])]}
        return group

    def call(self, verb, options):
        for direction in ("egress", "ingress"):
            for word, method in (("authorize-security-group-", self.authorize),
                                 ("revoke-security-group-", self.revoke),
                                 ("update-security-group-rule-descriptions-", self.update)):
                if verb == word + direction:
                    refuse_unless(options["group-id"] in self.state["groups"],
                                  "InvalidGroup.NotFound", options["group-id"])
                    return method(direction, options)
        return {"describe-security-group-rules": self.describe_rules,
                "describe-security-groups": self.describe_groups,
                "create-security-group": self.create}[verb](options)


def default_rule(number):
    """What a new group has in a VPC without IPv6."""
    return {"id": f"sgr-{number:08x}", "direction": "egress", "description": "",
            "key": ("-1", None, None, "IpRanges", "0.0.0.0/0")}


def parse(words):
    """--key value... as a dictionary; the values of a key joined by spaces."""
    options, key = {}, None
    for word in words:
        if word.startswith("--"):
            key = word[2:]
            options[key] = []
        else:
            options[key].append(word)
    return {key: " ".join(values) for key, values in options.items()}


def main():
    service, verb, *words = sys.argv[1:]
    path = os.environ["EC2_STATE"]
    with open(path, encoding="utf-8") as file:
        state = json.load(file)
    ec2, before = Ec2(state), json.dumps(state)
    options = parse(words)
    try:
        refuse_unless(service == "ec2" and options.pop("output") == "text", None, "arguments")
        refuse_unless(options.pop("region", None) == state.get("region"), None, "--region")
        refuse_unless(state.get("fail") != verb, state.get("code", "UnauthorizedOperation"), "not allowed")
        text = ec2.call(verb, options)
    except Refused as refused:
        state = json.loads(before)  # EC2 takes a call whole or not at all
        state["calls"].append([verb, options.get("group-id"), str(refused)])
        print("\n" + str(refused), file=sys.stderr)
        status = 254
    else:
        state["calls"].append([verb, options.get("group-id"), None])
        status = 0
        if text:
            print(text)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(state, file)
    return status


if __name__ == "__main__":
    raise SystemExit(main())
