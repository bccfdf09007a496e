"""
Rulesets as people write them for nft -f and as firewalld does: chains that jump and go to one
another, returns, sets, maps of verdicts, variables, limits, reject, interfaces, all families.
"""
import importlib.util
from pathlib import Path

SPECIFICATION = importlib.util.spec_from_file_location(
    "netfilter_words", Path(__file__).with_name("iptables.py"))
WORDS = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(WORDS)

SERVICES = ["tcp dport 22", "tcp dport { 80, 443 }", "udp dport 53", "udp dport 60000-61000",
            "tcp dport 8000-8010", "meta l4proto { tcp, udp } th dport 53", "meta l4proto 47",
            "meta l4proto { 50, 51 }", "ip protocol igmp", "tcp sport 1024-65535 tcp dport 25",
            "tcp dport != { 22, 25 }", "icmp type echo-request", "icmpv6 type echo-request",
            "icmp type { echo-request, destination-unreachable, time-exceeded }",
            "icmpv6 type { echo-request, packet-too-big, parameter-problem }", "tcp dport @ports"]
DOUBTS = ['iifname "eth1"', 'meta mark 0x1', "limit rate 10/second", "meta skuid 1000",
          'iifname != "eth0"']
DENIES = ["drop", "reject", "reject with icmpx admin-prohibited"]


def ends(rng):
    text = ""
    if rng.random() < 0.6:
        v6 = rng.random() < 0.3
        pool = WORDS.NETWORKS6 if v6 else WORDS.NETWORKS
        header = "ip6" if v6 else "ip"
        some = rng.sample(pool, rng.randrange(1, 3))
        text += f"{header} saddr " + (some[0] if len(some) == 1 else "{ " + ", ".join(some) + " }")
        if rng.random() < 0.3:
            text += f" {header} daddr {rng.choice(pool)}"
        if not v6 and rng.random() < 0.2:
            text = rng.choice(["ip saddr @office", "ip saddr $lan", "ip saddr != $lan"])
    return text


def rule(rng, verdicts):
    parts = [ends(rng)]
    v6 = "ip6" in parts[0]
    services = [s for s in SERVICES
                if not (v6 and ("ip protocol" in s or "icmp type" in s))
                and not (parts[0] and not v6 and "icmpv6" in s)]
    if rng.random() < 0.8:
        parts.append(rng.choice(services))
    if rng.random() < 0.1:
        parts.append(rng.choice(DOUBTS))
    if rng.random() < 0.1:
        parts.append("ct state new")
    if rng.random() < 0.4:
        parts.append("counter")
    parts.append(rng.choice(verdicts))
    if rng.random() < 0.3:
        parts.append(f'comment "{rng.choice(["rule", "the web", "asked by net"])} '
                     f'{rng.randrange(100)}"')
    return " ".join(p for p in parts if p)


def head(rng, hook):
    lines = ["ct state established,related accept"]
    if hook != "forward":
        lines.append(f"{'oif' if hook == 'output' else 'iif'}name \"lo\" accept")
    if rng.random() < 0.4:
        lines.append("ct state invalid drop")
    if rng.random() < 0.3:
        lines.append("ct status dnat accept")
    if hook != "forward" and rng.random() < 0.5:
        lines.append("icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, "
                     "nd-neighbor-advert } ip6 hoplimit 255 accept")
    rng.shuffle(lines)
    return lines


def tail(rng, policy):
    choice = rng.random()
    if choice < 0.3:
        return ["limit rate 3/minute log prefix \"denied: \"", "counter"]
    if choice < 0.6 and policy == "drop":
        return ["limit rate 5/second reject with icmpx port-unreachable", "drop"]
    return ["reject with icmpx admin-prohibited"] if choice < 0.8 else []


def base_chain(rng, hook, chains):
    policy = rng.choice(["drop", "drop", "accept"])
    verdicts = ["accept"] * 5 + [rng.choice(DENIES)] * 2
    lines = head(rng, hook)
    for name in chains:
        if rng.random() < 0.5:
            lines.append(rng.choice([f"jump {name}", f"ip saddr $lan jump {name}",
                                     f"tcp dport 9000-9010 goto {name}"]))
        lines += [rule(rng, verdicts) for _ in range(rng.randrange(0, 3))]
    if chains and rng.random() < 0.2:
        lines.append(f'iifname "eth0" goto {chains[0]}')
        lines.append(f"goto {chains[0]}")
    elif chains and rng.random() < 0.2:
        lines.append(f"meta l4proto vmap {{ tcp : jump {chains[0]}, udp : accept, icmp : drop }}")
    lines += tail(rng, policy)
    kind = f"type filter hook {hook} priority filter; policy {policy};"
    return f"\tchain {hook} {{\n\t\t{kind}\n" + "".join(f"\t\t{x}\n" for x in lines) + "\t}\n"


def own_chain(rng, name, later):
    verdicts = ["accept"] * 4 + ["drop", "return"] + [f"jump {x}" for x in later]
    lines = [rule(rng, verdicts) for _ in range(rng.randrange(1, 5))]
    return f"\tchain {name} {{\n" + "".join(f"\t\t{x}\n" for x in lines) + "\t}\n"


def generate(rng):
    chains = [f"chain_{i}" for i in range(rng.randrange(0, 3))]
    hooks = rng.choice([["input"], ["input", "output"], ["forward"], ["input", "forward"],
                        ["input", "forward", "output"]])
    text = "flush ruleset\n\ndefine lan = 10.0.0.0/8\ndefine web = { 80, 443 }\n\n"
    text += "table inet filter {\n"
    text += "\tset office {\n\t\ttype ipv4_addr\n\t\tflags interval\n"
    text += "\t\telements = { 192.0.2.0/24, 198.51.100.7 }\n\t}\n"
    text += "\tset ports {\n\t\ttype inet_service\n\t\telements = { 25, $web }\n\t}\n"
    for i, name in enumerate(chains):
        text += own_chain(rng, name, chains[i + 1:])
    for hook in hooks:
        text += base_chain(rng, hook, chains)
    return [("nftables.conf", text + "}\n")], []


def count_rules(files):
    return sum(1 for _, text in files for line in text.splitlines()
               if line.startswith("\t\t") and not line.strip().startswith(("type", "flags", "elem")))
