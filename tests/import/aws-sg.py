"""
Security groups as describe-security-groups, describe-security-group-rules and Terraform have them:
one that is read, its peers by address, group and prefix list, its default egress or rules instead.
"""
import json

GROUP = "sg-0123456789abcdef0"
OTHERS = ["sg-0a1b2c3d4e5f60718", "sg-00000000000000002", GROUP]
LISTS = ["pl-6da54004", "pl-02cd2c6b"]
V4 = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24", "198.51.100.7/32"]
V6 = ["::/0", "2001:db8::/32", "2001:db8:1::/48"]
SERVICES = [("tcp", 22, 22), ("tcp", 443, 443), ("tcp", 8000, 8080), ("udp", 53, 53), ("-1", None, None),
            ("icmp", -1, -1), ("icmp", 8, -1), ("icmpv6", 128, -1), ("tcp", 0, 65535), ("50", None, None)]
TEXTS = [None, "office", "from the balancer", "allow ssh, NET-12", "db (primary)"]


def rules(rng):
    """(egress, protocol, first, last, kind of peer, peer, description), each once."""
    found = {}
    for _ in range(rng.randrange(1, 9)):
        kind = rng.choice(["v4", "v4", "v4", "v6", "group", "list"])
        peer = rng.choice({"v4": V4, "v6": V6, "group": OTHERS, "list": LISTS}[kind])
        key = (rng.random() < 0.3, *rng.choice(SERVICES), kind, peer)
        found[key] = rng.choice(TEXTS)
    if not any(key[0] for key in found) or rng.random() < 0.5:
        found[True, "-1", None, None, "v4", "0.0.0.0/0"] = None
    return [(*key, text) for key, text in found.items()]


PLACES = {"v4": ("IpRanges", "CidrIp"), "v6": ("Ipv6Ranges", "CidrIpv6"),
          "group": ("UserIdGroupPairs", "GroupId"), "list": ("PrefixListIds", "PrefixListId")}


def permissions(chosen):
    """Rules with the same service stand together, as EC2 gives them out."""
    services = {}
    for _, protocol, first, last, kind, peer, text in chosen:
        one = services.setdefault((protocol, first, last), {
            "IpProtocol": protocol, "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [],
            "UserIdGroupPairs": []})
        if first is not None:
            one["FromPort"], one["ToPort"] = first, last
        entry = {PLACES[kind][1]: peer}
        if kind == "group":
            entry["UserId"] = "111122223333"
        if text:
            entry["Description"] = text
        one[PLACES[kind][0]].append(entry)
    return list(services.values())


def group(identity, name, chosen):
    return {"Description": f"{name} of the shop", "GroupName": name, "OwnerId": "111122223333",
            "GroupId": identity, "VpcId": "vpc-0a1b2c3d",
            "IpPermissions": permissions(r for r in chosen if not r[0]),
            "IpPermissionsEgress": permissions(r for r in chosen if r[0])}


def describe_rules(chosen):
    found = []
    for i, (egress, protocol, first, last, kind, peer, text) in enumerate(chosen):
        one = {"SecurityGroupRuleId": f"sgr-{i:017x}", "GroupId": GROUP,
               "GroupOwnerId": "111122223333", "IsEgress": egress, "IpProtocol": protocol,
               "FromPort": -1 if first is None else first, "ToPort": -1 if last is None else last,
               "Tags": []}
        if kind == "group":
            one["ReferencedGroupInfo"] = {"GroupId": peer, "UserId": "111122223333"}
        else:
            one[{"v4": "CidrIpv4", "v6": "CidrIpv6", "list": "PrefixListId"}[kind]] = peer
        if text:
            one["Description"] = text
        found.append(one)
    return {"SecurityGroupRules": found}


def terraform(rng, chosen):
    """Rules as resources of their own; addresses of some are variables with a default."""
    resources, variables = {}, {}
    for i, (egress, protocol, first, last, kind, peer, text) in enumerate(chosen):
        key = {"v4": "cidr_ipv4", "v6": "cidr_ipv6", "list": "prefix_list_id",
               "group": "referenced_security_group_id"}[kind]
        one = {"security_group_id": "${aws_security_group.web.id}", "ip_protocol": protocol, key: peer}
        if kind in ("v4", "v6") and rng.random() < 0.3:
            variables[f"range_{i}"] = {"type": "string", "default": peer}
            one[key] = "${var.range_" + str(i) + "}"
        if first is not None:
            one["from_port"], one["to_port"] = first, last
        if text:
            one["description"] = text
        direction = "egress" if egress else "ingress"
        resources.setdefault(f"aws_vpc_security_group_{direction}_rule", {})[f"rule_{i}"] = one
    resources["aws_security_group"] = {"web": {"name": "web", "vpc_id": "vpc-0a1b2c3d"}}
    return {"resource": resources, **({"variable": variables} if variables else {})}


def generate(rng):
    chosen, form = rules(rng), rng.choice(["groups", "groups", "rules", "terraform"])
    if form == "rules":
        return [("rules.json", json.dumps(describe_rules(chosen), indent=2))], []
    if form == "terraform":
        return [("main.tf.json", json.dumps(terraform(rng, chosen), indent=2))], []
    groups = [group(GROUP, "web", chosen)]
    options = []
    if rng.random() < 0.5:
        groups.insert(rng.randrange(2), group(OTHERS[0], "balancer", rules(rng)))
        options = ["--set", f"group={GROUP}"]
    return [("groups.json", json.dumps({"SecurityGroups": groups}, indent=2))], options


def count_rules(files):
    words = ('"CidrIp', '"CidrIpv', '"UserId"', '"PrefixListId"', '"security_group_id"')
    return sum(text.count(word) for _, text in files for word in words)
