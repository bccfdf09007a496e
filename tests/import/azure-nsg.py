"""
Network security groups as az and the portal give them out and as templates and Terraform have them:
tags and application security groups, addresses, wide denies, Azure's own rules or a last deny.
"""
import json

V4 = ["10.0.0.0/16", "10.0.1.0/24", "192.0.2.0/24", "198.51.100.7", "203.0.113.0/25"]
TAGS = ["VirtualNetwork", "Internet", "AzureLoadBalancer", "Storage", "Sql.WestEurope"]
BASE = ("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/net/providers/"
        "Microsoft.Network/applicationSecurityGroups/")
APPLICATIONS = [BASE + "web", BASE + "logic", BASE + "db"]
SERVICES = [("Tcp", ["22"]), ("Tcp", ["443"]), ("Tcp", ["80", "443"]), ("Udp", ["53"]), ("*", ["*"]),
            ("Tcp", ["8000-8080"]), ("Icmp", ["*"]), ("Tcp", ["*"])]


def side(rng, ends):
    kind = rng.choices(["any", "one", "many", "tag", "groups"], ends)[0]
    if kind == "any":
        return {"AddressPrefix": "*"}
    if kind == "one":
        return {"AddressPrefix": rng.choice(V4)}
    if kind == "many":
        return {"AddressPrefixes": rng.sample(["10.2.0.0/24", "192.0.2.0/25", "198.51.100.7"], 2)}
    if kind == "tag":
        return {"AddressPrefix": rng.choice(TAGS)}
    return {"ApplicationSecurityGroups": [{"id": i} for i in rng.sample(APPLICATIONS, rng.choice([1, 1, 2]))]}


def rule(rng, number, priority, inbound, denies):
    protocol, ports = rng.choice(SERVICES)
    # A peer may be a tag; this machine's side is addresses or all, as in most groups.
    peer, own = side(rng, [3, 4, 2, 3, 1]), side(rng, [5, 3, 0, 0, 0])
    found = {"protocol": protocol, "access": rng.choices(["Allow", "Deny"], [4, 1 if denies else 0])[0],
             "priority": priority, "direction": "Inbound" if inbound else "Outbound",
             "sourcePortRange": "*"}
    found.update({"destinationPortRange": ports[0]} if len(ports) == 1 else {"destinationPortRanges": ports})
    for name, ends in (("source", peer if inbound else own), ("destination", own if inbound else peer)):
        found.update({name + key: value for key, value in ends.items()})
    if rng.random() < 0.3:
        found["description"] = f"ticket NET-{number}"
    return f"rule-{number}", found


def closing(direction):
    return f"deny-{direction.lower()}", {
        "protocol": "*", "access": "Deny", "priority": 4096, "direction": direction,
        "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*",
        "destinationPortRange": "*"}


def rules(rng):
    found, denies = [], rng.random() < 0.4
    for inbound in (True, False):
        priorities = sorted(rng.sample(range(100, 4000, 10), rng.randrange(0, 6)))
        found += [rule(rng, len(found) + i, p, inbound, denies) for i, p in enumerate(priorities)]
        if rng.random() < 0.7:
            found.append(closing("Inbound" if inbound else "Outbound"))
    rng.shuffle(found)
    return found


def shown(chosen):
    """az network nsg show: fields by themselves, with the empty ones."""
    empty = {f"{side}{key}": [] for side in ("source", "destination")
             for key in ("AddressPrefixes", "PortRanges")}
    return {"name": "nsg-app", "location": "westeurope", "defaultSecurityRules": [],
            "securityRules": [{**empty, "name": name, "etag": 'W/"1"', **fields}
                              for name, fields in chosen],
            "type": "Microsoft.Network/networkSecurityGroups"}


def template(rng, chosen):
    """A template: addresses of some are parameters with a default, or variables."""
    parameters, variables, found = {}, {}, []
    for name, fields in chosen:
        fields = dict(fields)
        value = fields.get("sourceAddressPrefix")
        if value in V4 and rng.random() < 0.5:
            place = rng.choice(["parameters", "variables"])
            fields["sourceAddressPrefix"] = f"[{place}('from-{name}')]"
            if place == "parameters":
                parameters[f"from-{name}"] = {"type": "string", "defaultValue": value}
            else:
                variables[f"from-{name}"] = value
        found.append({"name": name, "properties": fields})
    return {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "parameters": parameters, "variables": variables,
            "resources": [{"type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2023-11-01",
                           "name": "[concat('nsg-', 'app')]", "location": "[resourceGroup().location]",
                           "properties": {"securityRules": found}}]}


def snake(key):
    return "".join("_" + c.lower() if c.isupper() else c for c in key)


def terraform(chosen):
    found = {}
    for name, fields in chosen:
        one = {"name": name, "resource_group_name": "rg", "network_security_group_name":
               "${azurerm_network_security_group.app.name}"}
        for key, value in fields.items():
            if key.endswith("ApplicationSecurityGroups"):
                one[snake(key)[:-1] + "_ids"] = [entry["id"] for entry in value]
            else:
                one[snake(key)] = value
        found[name.replace("-", "_")] = one
    return {"resource": {"azurerm_network_security_group": {"app": {
        "name": "nsg-app", "location": "westeurope", "resource_group_name": "rg"}},
        **({"azurerm_network_security_rule": found} if found else {})}}


def generate(rng):
    chosen = rules(rng)
    document = rng.choice([lambda: shown(chosen), lambda: template(rng, chosen),
                           lambda: terraform(chosen)])()
    name = "main.tf.json" if "resource" in document else "nsg.json"
    return [(name, json.dumps(document, indent=2))], []


def count_rules(files):
    return sum(text.count('"access"') for _, text in files)
