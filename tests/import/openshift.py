"""
EgressFirewalls as people write them: first match, names, wide denies behind narrow allows, ports,
selectors of nodes.
"""
from styles import manifests as m


def rule(rng, denies):
    to = {"cidrSelector": rng.choice(m.BLOCKS)}
    if rng.random() < 0.4:
        to = rng.choice([{"dnsName": rng.choice(["www.example.com", "hub.example.net"])},
                         {"nodeSelector": {"matchLabels": {"node-role.kubernetes.io/worker": ""}}}])
    own = {"type": "Deny" if "cidrSelector" in to and denies and rng.random() < 0.35 else "Allow",
           "to": to}
    if rng.random() < 0.5:
        own["ports"] = [{"protocol": rng.choice(["TCP", "UDP"]), "port": port}
                        for port in rng.sample([80, 443, 53, 5432, 8443], rng.randrange(1, 4))]
    return own


def generate(rng):
    denies = rng.random() < 0.5
    rules = [rule(rng, denies) for _ in range(rng.randrange(1, 9))]
    if rng.random() < 0.7:
        rules += [{"type": "Deny", "to": {"cidrSelector": "0.0.0.0/0"}},
                  {"type": "Deny", "to": {"cidrSelector": "::/0"}}][:rng.randrange(1, 3)]
    item = {"apiVersion": "k8s.ovn.org/v1", "kind": "EgressFirewall",
            "metadata": {"name": "default", "namespace": rng.choice(m.NAMESPACES)},
            "spec": {"egress": rules}}
    return m.written(rng, [item]), []


def count_rules(files):
    return sum(text.count("cidrSelector") + text.count("dnsName") + text.count("nodeSelector")
               for _, text in files)
