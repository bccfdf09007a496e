"""
VPC firewall rules as gcloud lists them and as Terraform has them, and a network firewall policy as
gcloud describes it: tags, service accounts, disabled rules, the rules of the default network, a deny
of everything behind them.
"""
import json

V4 = ["0.0.0.0/0", "10.128.0.0/9", "10.1.0.0/16", "192.0.2.0/24", "198.51.100.7/32"]
V6 = ["2001:db8::/32", "2001:db8:1::/48"]
TAGS = ["web", "db", "bastion"]
ACCOUNTS = ["app@demo.iam.gserviceaccount.com", "job@demo.iam.gserviceaccount.com"]
SERVICES = [[("tcp", ["22"])], [("tcp", ["80", "443"])], [("udp", ["53"]), ("tcp", ["53"])],
            [("icmp", [])], [("all", [])], [("tcp", ["0-65535"]), ("udp", ["0-65535"]), ("icmp", [])]]
NETWORK = "https://www.googleapis.com/compute/v1/projects/demo/global/networks/default"


def services(chosen):
    return [{"IPProtocol": p, **({"ports": ports} if ports else {})} for p, ports in chosen]


def rule(rng, number, accounts, denies):
    ingress = rng.random() < 0.7
    found = {"name": f"rule-{number}", "network": NETWORK, "priority": rng.choice([900, 1000, 1000, 2000]),
             "direction": "INGRESS" if ingress else "EGRESS",
             rng.choices(["allowed", "denied"], [5, 1 if denies else 0])[0]: services(rng.choice(SERVICES)),
             "disabled": rng.random() < 0.1, "logConfig": {"enable": rng.random() < 0.2}}
    if rng.random() < 0.5:
        found["targetServiceAccounts" if accounts else "targetTags"] = [
            rng.choice(ACCOUNTS if accounts else TAGS)]
    if ingress and rng.random() < 0.3:
        found["sourceServiceAccounts" if accounts else "sourceTags"] = [
            rng.choice(ACCOUNTS if accounts else TAGS)]
    else:
        key = "sourceRanges" if ingress else "destinationRanges"
        found[key] = rng.sample(V4, rng.choice([1, 1, 2])) if rng.random() < 0.85 else [rng.choice(V6)]
    if rng.random() < 0.3:
        found["description"] = f"ticket NET-{number}"
    return found


def defaults():
    """What a network called default has."""
    return [{"name": f"default-allow-{name}", "network": NETWORK, "direction": "INGRESS",
             "priority": 65534, "sourceRanges": [source], "allowed": services(chosen), "disabled": False}
            for name, source, chosen in (
                ("internal", "10.128.0.0/9", SERVICES[5]), ("ssh", "0.0.0.0/0", SERVICES[0]),
                ("icmp", "0.0.0.0/0", SERVICES[3]))]


def closing(direction):
    key = "sourceRanges" if direction == "INGRESS" else "destinationRanges"
    return {"name": f"deny-{direction.lower()}", "network": NETWORK, "direction": direction,
            "priority": 65534, key: ["0.0.0.0/0"], "denied": services([("all", [])]), "disabled": False}


def rules(rng):
    accounts, denies = rng.random() < 0.2, rng.random() < 0.4
    found = [rule(rng, i, accounts, denies) for i in range(rng.randrange(1, 7))]
    found += defaults() if rng.random() < 0.4 else []
    found += [closing(d) for d in ("INGRESS", "EGRESS") if denies and rng.random() < 0.5]
    return found


def terraform(chosen):
    found = {}
    for one in chosen:
        block = {"name": one["name"], "network": "default", "direction": one["direction"],
                 "priority": one["priority"], "disabled": one["disabled"]}
        for key, name in (("sourceRanges", "source_ranges"), ("destinationRanges", "destination_ranges"),
                          ("sourceTags", "source_tags"), ("targetTags", "target_tags"),
                          ("sourceServiceAccounts", "source_service_accounts"),
                          ("targetServiceAccounts", "target_service_accounts"),
                          ("description", "description")):
            if key in one:
                block[name] = one[key]
        for key, name in (("allowed", "allow"), ("denied", "deny")):
            if key in one:
                block[name] = [{"protocol": s["IPProtocol"], **({"ports": s["ports"]} if "ports" in s else {})}
                               for s in one[key]]
        found[one["name"].replace("-", "_")] = block
    return {"resource": {"google_compute_firewall": found}}


def policy(rng):
    found, denies = [], rng.random() < 0.5
    for i, priority in enumerate(sorted(rng.sample(range(100, 2000), rng.randrange(1, 6)))):
        ingress = rng.random() < 0.5
        match = {"layer4Configs": [{"ipProtocol": p, **({"ports": ports} if ports else {})}
                                   for p, ports in rng.choice(SERVICES)]}
        if not ingress and rng.random() < 0.3:
            match["destFqdns"] = [rng.choice(["hub.example.com", "mirror.example.com"])]
        else:
            match["srcIpRanges" if ingress else "destIpRanges"] = rng.sample(V4, rng.choice([1, 1, 2]))
        one = {"priority": priority, "direction": "INGRESS" if ingress else "EGRESS", "match": match,
               "action": rng.choices(["allow", "deny", "goto_next"], [6, 2 if denies else 0, 1])[0]
               if "destFqdns" not in match else "allow",
               "ruleName": f"rule-{i}", "enableLogging": False, "disabled": rng.random() < 0.1}
        if rng.random() < 0.3:
            one["targetServiceAccounts"] = [rng.choice(ACCOUNTS)]
        found.append(one)
    found += [{"priority": 2147483644 + i, "direction": d, "action": "goto_next",
               "match": {"layer4Configs": [{"ipProtocol": "all"}], key: ["0.0.0.0/0"]}}
              for i, (d, key) in enumerate((("INGRESS", "srcIpRanges"), ("EGRESS", "destIpRanges")))]
    return {"name": "edge", "kind": "compute#firewallPolicy", "rules": found}


def generate(rng):
    form = rng.choice(["list", "list", "terraform", "policy"])
    if form == "policy":
        return [("policy.json", json.dumps(policy(rng), indent=2))], []
    chosen = rules(rng)
    if form == "terraform":
        return [("main.tf.json", json.dumps(terraform(chosen), indent=2))], []
    return [("rules.json", json.dumps(chosen, indent=1))], []


def count_rules(files):
    return sum(text.count('"direction"') for _, text in files)
