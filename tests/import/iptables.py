"""
Rulesets as iptables-save prints them: of hosts that people set up by hand, of ufw and of Docker.
Replies, loopback, a few services, some of them for some networks, now and then a deny before;
chains of their own with returns, limits, interfaces, lists of ICMP types, reject.
"""

SERVICES = ["tcp -m tcp --dport 22", "tcp -m tcp --dport 443", "udp -m udp --dport 53",
            "tcp -m multiport --dports 80,443,8080", "udp -m udp --dport 60000:61000",
            "tcp -m tcp ! --dport 25", "gre", "esp", "udp -m udp --sport 67 --dport 68"]
NETWORKS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "192.0.2.0/24", "198.51.100.7/32"]
NETWORKS6 = ["2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::2/128"]
DOUBTS = [" -i eth1", " ! -i eth0", " -m limit --limit 10/sec", " -m mark --mark 0x1",
          " -m recent --update --seconds 60 --name x --rsource"]
ICMP = {4: ["icmp -m icmp --icmp-type 8", "icmp -m icmp --icmp-type 3", "icmp",
            "icmp -m icmp --icmp-type 3/4"],
        6: ["ipv6-icmp -m icmp6 --icmpv6-type 128", "ipv6-icmp -m icmp6 --icmpv6-type 1",
            "ipv6-icmp", "ipv6-icmp -m icmp6 --icmpv6-type 2"]}
REJECT = {4: "REJECT --reject-with icmp-port-unreachable",
          6: "REJECT --reject-with icmp6-port-unreachable"}


def networks_of(family):
    return NETWORKS if family == 4 else NETWORKS6


def rule(rng, chain, family, verdicts):
    networks = networks_of(family)
    text = ""
    if rng.random() < 0.6:
        text += f" {'! ' if rng.random() < 0.1 else ''}-s {rng.choice(networks)}"
    if rng.random() < 0.3:
        text += f" -d {rng.choice(networks)}"
    if rng.random() < 0.08:
        doubt = rng.choice(DOUBTS)
        text += doubt if chain != "OUTPUT" or "-i" not in doubt else " -o eth1"
    if rng.random() < 0.8:
        text += " -p " + rng.choice(SERVICES + ICMP[family])
    if rng.random() < 0.1:
        text += " -m conntrack --ctstate NEW"
    if rng.random() < 0.3:
        text += f' -m comment --comment "rule {rng.randrange(100)}"'
    return f"-A {chain}{text} -j {rng.choice(verdicts)}"


def head(rng, name):
    lines = [f"-A {name} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]
    if name != "FORWARD":
        lines.append(f"-A {name} {'-i' if name == 'INPUT' else '-o'} lo -j ACCEPT")
    if rng.random() < 0.4:
        lines.append(f"-A {name} -m conntrack --ctstate INVALID -j DROP")
    return lines


def end(rng, name, family):
    choice = rng.random()
    if choice < 0.3:
        return [f"-A {name} -m limit --limit 3/min -j LOG --log-prefix \"denied \"",
                f"-A {name} -j {REJECT[family]}"]
    if choice < 0.5:
        return [f"-A {name} -m limit --limit 5/sec -j {REJECT[family]}", f"-A {name} -j DROP"]
    return []


def plain(rng, hooks, family):
    """Chains of a host that somebody set up by hand."""
    own = [f"SVC{i}" for i in range(rng.randrange(0, 3))]
    lines = [f":{name} - [0:0]" for name in own]
    for hook in hooks:
        lines += head(rng, hook)
        verdicts = ["ACCEPT"] * 6 + ["DROP"] * 2 + [REJECT[family]] + own
        lines += [rule(rng, hook, family, verdicts) for _ in range(rng.randrange(1, 8))]
        lines += end(rng, hook, family)
    for i, name in enumerate(own):
        verdicts = ["ACCEPT"] * 3 + ["DROP", "RETURN"] + own[i + 1:]
        lines += [rule(rng, name, family, verdicts) for _ in range(rng.randrange(1, 4))]
    return lines


def ufw(rng, family):
    """As ufw lays out INPUT: before rules, what is not local, the user's own, after rules."""
    before, user, local = "ufw-before-input", "ufw-user-input", "ufw-not-local"
    lines = [f":{name} - [0:0]" for name in
             (before, user, local, "ufw-after-input", "ufw-skip-to-policy-input")]
    lines += [f"-A INPUT -j {before}", "-A INPUT -j ufw-after-input",
              f"-A {before} -i lo -j ACCEPT",
              f"-A {before} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
              f"-A {before} -m conntrack --ctstate INVALID -j DROP"]
    lines += [f"-A {before} -p {what} -j ACCEPT" for what in ICMP[family]]
    if family == 4:
        lines += [f"-A {before} -j {local}",
                  f"-A {local} -m addrtype --dst-type LOCAL -j RETURN",
                  f"-A {local} -m addrtype --dst-type MULTICAST -j RETURN",
                  f"-A {local} -m addrtype --dst-type BROADCAST -j RETURN",
                  f"-A {local} -m limit --limit 3/min --limit-burst 10 -j DROP",
                  f"-A {local} -j DROP",
                  f"-A {before} -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT"]
    lines += [f"-A {before} -j {user}"]
    lines += [rule(rng, user, family, ["ACCEPT", "ACCEPT", "DROP"]) for _ in range(5)]
    lines += ["-A ufw-after-input -p udp -m udp --dport 137 -j ufw-skip-to-policy-input",
              "-A ufw-skip-to-policy-input -j DROP"]
    return lines


def docker(rng):
    """DNAT before FORWARD, and the chains of Docker."""
    nat = ["*nat", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ":POSTROUTING ACCEPT [0:0]",
           ":DOCKER - [0:0]", "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
           "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
           "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination "
           "172.17.0.2:80", "COMMIT"]
    filters = [":DOCKER - [0:0]", ":DOCKER-USER - [0:0]", "-A FORWARD -j DOCKER-USER",
               "-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
               "-A FORWARD -o docker0 -j DOCKER", "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT",
               "-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 "
               "-j ACCEPT"]
    # Docker's documentation has this line: a drop before it would cut replies, too.
    filters += ["-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]
    filters += [rule(rng, "DOCKER-USER", 4, ["DROP", "RETURN"]) for _ in range(2)]
    return nat, filters + ["-A DOCKER-USER -j RETURN"]


def ruleset(rng, hooks, family, style):
    nat, lines = [], []
    if style == "ufw":
        lines += ufw(rng, family)
        hooks = ["INPUT"]
    else:
        lines += plain(rng, hooks, family)
    if style == "docker" and family == 4:
        nat, filters = docker(rng)
        lines += filters
        hooks = hooks + ["FORWARD"]
    policies = [f":{c} {'DROP' if c in hooks and rng.random() < 0.8 else 'ACCEPT'} [0:0]"
                for c in ("INPUT", "FORWARD", "OUTPUT")]
    declared = [x for x in lines if x.startswith(":")]
    rules = [x for x in lines if not x.startswith(":")]
    return "\n".join(nat + ["*filter"] + policies + declared + rules + ["COMMIT"]) + "\n"


def generate(rng):
    style = rng.choices(["plain", "ufw", "docker"], [6, 2, 1])[0]
    hooks = rng.choice([["INPUT"], ["INPUT", "OUTPUT"], ["FORWARD"], ["INPUT", "FORWARD"]])
    if style == "docker":
        hooks = ["INPUT"]
    return [("rules.v4", ruleset(rng, hooks, 4, style)),
            ("rules.v6", ruleset(rng, hooks, 6, style))], []


def count_rules(files):
    return sum(text.count("\n-A ") for _, text in files)
