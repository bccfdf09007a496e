"""
CiliumNetworkPolicies as people write them: entities, names, CIDR sets, denies, ICMP, rules for what
is in a connection, DNS through the proxy.
"""
from styles import manifests as m

PORTS = [{"port": "443", "protocol": "TCP"}, {"port": "53", "protocol": "ANY"},
         {"port": "8000", "endPort": 8010, "protocol": "TCP"}, {"port": "5432", "protocol": "TCP"},
         {"port": "123", "protocol": "UDP"}]
NAMES = [{"matchName": "hub.example.com"}, {"matchName": "api.example.net"},
         {"matchPattern": "*.example.org"}]
DNS = {"toEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "kube-system",
                                        "k8s:k8s-app": "kube-dns"}}],
       "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}],
                    "rules": {"dns": [{"matchPattern": "*"}]}}]}


def endpoints(rng):
    own = m.selector(rng)
    if rng.random() < 0.3:
        own = {"matchLabels": {"k8s:io.kubernetes.pod.namespace": rng.choice(m.NAMESPACES),
                               "k8s:app": "web"}}
    return own


def cidr_set(rng):
    cidr = rng.choice(m.BLOCKS)
    own = {"cidr": cidr}
    if cidr in m.HOLES and rng.random() < 0.4:
        own["except"] = [m.HOLES[cidr]]
    return own


def rule(rng, end, deny=False):
    kinds = ["Endpoints", "Entities", "CIDR", "CIDRSet"] + (["FQDNs"] if end == "to" else [])
    kind = rng.choice(kinds[:4] if deny else kinds)
    few = range(rng.randrange(1, 3))
    own = {end + kind: {
        "Endpoints": lambda: [endpoints(rng) for _ in few],
        "Entities": lambda: [rng.choice(["world", "cluster", "host", "all", "kube-apiserver"])],
        "CIDR": lambda: [rng.choice(m.BLOCKS) for _ in few],
        "CIDRSet": lambda: [cidr_set(rng) for _ in few],
        "FQDNs": lambda: [dict(rng.choice(NAMES)) for _ in few]}[kind]()}
    chance = rng.random()
    if chance < 0.7:
        own["toPorts"] = [{"ports": [dict(p) for p in rng.sample(PORTS, rng.randrange(1, 3))]}]
        if not deny and rng.random() < 0.1:
            own["toPorts"][0] = {"ports": [{"port": "80", "protocol": "TCP"}],
                                 "rules": {"http": [{"method": "GET", "path": "/public"}]}}
    elif chance < 0.8:
        own["icmps"] = [{"fields": [{"family": "IPv4", "type": 8},
                                    {"family": "IPv6", "type": "EchoRequest"}]}]
    return own


def spec(rng):
    own = {"endpointSelector": m.selector(rng)}
    if rng.random() < 0.2:
        own["description"] = "what this is for"
    for key, end in (("ingress", "from"), ("egress", "to")):
        if rng.random() < 0.6:
            own[key] = [rule(rng, end) for _ in range(rng.randrange(1, 3))]
        if rng.random() < 0.2:
            own[key + "Deny"] = [rule(rng, end, True)]
    if any("toFQDNs" in r for r in own.get("egress", [])):
        own["egress"].append(DNS)
    if not any(key.startswith(("ingress", "egress")) for key in own):
        own["ingress"] = [{}]
    return own


def generate(rng):
    items = [{"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
              "metadata": m.metadata(rng, f"policy-{i}"), "spec": spec(rng)}
             for i in range(rng.randrange(1, 4))]
    return m.written(rng, items), []


def count_rules(files):
    return sum(text.count(word) for _, text in files
               for word in ("Endpoints", "Entities", "CIDR", "FQDNs"))
