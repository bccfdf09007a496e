"""
NetworkPolicies as people write them: denies by default, several policies for the same pods, blocks
with exceptions, ports by name, expressions, empty selectors, policies without their types.
"""
from styles import manifests as m

PORTS = [{"port": 443}, {"protocol": "TCP", "port": 5432}, {"protocol": "UDP", "port": 53},
         {"protocol": "TCP", "port": 8000, "endPort": 8010}, {"protocol": "SCTP", "port": 132},
         {"protocol": "UDP"}]


def block(rng):
    cidr = rng.choice(m.BLOCKS)
    own = {"cidr": cidr}
    if cidr in m.HOLES and rng.random() < 0.4:
        own["except"] = [m.HOLES[cidr]]
    return {"ipBlock": own}


def peer(rng):
    kind = rng.randrange(4)
    if kind == 0:
        return block(rng)
    if kind == 1:
        return {"podSelector": m.selector(rng)}
    spaces = rng.choice([{}, {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
                         {"matchLabels": {"team": "sre"}},
                         {"matchExpressions": [{"key": "kubernetes.io/metadata.name",
                                                "operator": "NotIn", "values": ["shop"]}]},
                         {"matchExpressions": [{"key": "team", "operator": "Exists"}]},
                         {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}])
    own = {"namespaceSelector": spaces}
    if kind == 2:
        own["podSelector"] = m.selector(rng)
    return own


def rule(rng, key):
    own = {}
    if rng.random() < 0.85:
        own[key] = [peer(rng) for _ in range(rng.randrange(1, 4))]
    if rng.random() < 0.8:
        own["ports"] = [dict(p) for p in rng.sample(PORTS, rng.randrange(1, 4))]
        if rng.random() < 0.1:
            own["ports"].append({"protocol": "TCP", "port": "http"})
    return own


def policy(rng):
    spec = {"podSelector": m.selector(rng)}
    shape = rng.choice(["deny", "ingress", "egress", "both", "untyped"])
    if shape == "deny":
        spec["podSelector"] = {}
        spec["policyTypes"] = rng.choice([["Ingress"], ["Egress"], ["Ingress", "Egress"]])
        return spec
    if shape != "untyped":
        spec["policyTypes"] = {"ingress": ["Ingress"], "egress": ["Egress"]}.get(
            shape, ["Ingress", "Egress"])
    for key, end in (("ingress", "from"), ("egress", "to")):
        if shape in (key, "both") or (shape == "untyped" and key == "ingress"):
            spec[key] = [rule(rng, end) for _ in range(rng.randrange(1, 3))]
    return spec


def objects(rng):
    return [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
             "metadata": m.metadata(rng, rng.choice(["web", "allow", "default-deny"]) + f"-{i}"),
             "spec": policy(rng)} for i in range(rng.randrange(1, 5))]


def generate(rng):
    return m.written(rng, objects(rng)), []


def count_rules(files):
    return sum(text.count("ipBlock") + text.count("odSelector") + text.count("namespaceSelector")
               for _, text in files)
