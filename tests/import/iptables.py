"""
Rulesets as iptables-save prints them of hosts that people set up by hand: replies, loopback, a few
services, some of them for some networks, now and then a deny before.
"""

SERVICES = ["tcp -m tcp --dport 22", "tcp -m tcp --dport 443", "udp -m udp --dport 53",
            "tcp -m multiport --dports 80,443,8080", "udp -m udp --dport 60000:61000"]
NETWORKS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "192.0.2.0/24", "198.51.100.7/32"]


NETWORKS6 = ["2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::2/128"]


def rule(rng, chain, networks):
    ends = ""
    if rng.random() < 0.7:
        ends += f" -s {rng.choice(networks)}"
    if rng.random() < 0.3:
        ends += f" -d {rng.choice(networks)}"
    service = f" -p {rng.choice(SERVICES)}" if rng.random() < 0.8 else ""
    remark = f' -m comment --comment "rule {rng.randrange(100)}"' if rng.random() < 0.3 else ""
    verdict = rng.choices(["ACCEPT", "DROP", "REJECT --reject-with icmp-port-unreachable"],
                          [6, 2, 1])[0]
    return f"-A {chain}{ends}{service}{remark} -j {verdict}"


def chain(rng, name, networks):
    lines = [f"-A {name} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]
    if name != "FORWARD":
        lines.append(f"-A {name} {'-i' if name == 'INPUT' else '-o'} lo -j ACCEPT")
    lines += [rule(rng, name, networks) for _ in range(rng.randrange(1, 8))]
    return lines


def ruleset(rng, chains, networks):
    lines = ["*filter"]
    lines += [f":{c} {'DROP' if c in chains else 'ACCEPT'} [0:0]"
              for c in ("INPUT", "FORWARD", "OUTPUT")]
    for name in chains:
        lines += chain(rng, name, networks)
    return "\n".join(lines + ["COMMIT"]) + "\n"


def generate(rng):
    chains = rng.choice([["INPUT"], ["INPUT", "OUTPUT"], ["FORWARD"], ["INPUT", "FORWARD"]])
    return [("rules.v4", ruleset(rng, chains, NETWORKS)),
            ("rules.v6", ruleset(rng, chains, NETWORKS6).replace("icmp-port", "icmp6-port"))], []


def count_rules(files):
    return sum(text.count("\n-A ") for _, text in files)
