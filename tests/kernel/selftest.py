"""The harness on trial: right rulesets, written by hand, must pass, and every wrong one be caught."""
import os
import shutil

import oracle
import policies
import sweep
import world
from rulesets import Ruleset, lacking

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "selftest")

# What is wrong, in which ruleset, and how it becomes so: each is a mistake that somebody has made.
WRONG = (
    ("a port off by one", "host.nft", "8000-8010 } accept\n        ip6 daddr", "8000-8011 } accept\n        ip6 daddr"),
    ("a port too few in IPv6", "host.nft", "10 tcp dport { 443, 8000-8010 }", "10 tcp dport { 443, 8001-8010 }"),
    ("a range one address long", "host.nft", "10-198.51.100.20 tcp", "10-198.51.100.21 tcp"),
    ("a range one address short", "host.nft", "10-198.51.100.20 tcp", "11-198.51.100.20 tcp"),
    ("a prefix too wide", "host.nft", "saddr 192.0.2.0/24 tcp", "saddr 192.0.2.0/23 tcp"),
    ("no deny", "host.nft", "ip daddr 198.51.100.15 tcp dport 443 drop", ""),
    ("a deny of all ports", "host.nft", "198.51.100.15 tcp dport 443 drop", "198.51.100.15 drop"),
    ("UDP not, though asked for", "host.nft", "ip daddr 198.51.100.10-198.51.100.20 udp dport 123 udp sport 123 accept", ""),
    ("no source port", "host.nft", "udp dport 123 udp sport 123 accept\n        ip6", "udp dport 123 accept\n        ip6"),
    ("any source, outbound", "host.nft", "ip saddr != 10.0.16.0/24 drop", ""),
    ("any destination, inbound", "host.nft", "ip6 daddr != 2001:db8:16::/64 drop", ""),
    ("ICMP of any type", "host.nft", "0/24 icmp type 8 accept", "0/24 ip protocol icmp accept"),
    ("no ping in IPv6", "host.nft", "icmpv6 type 128 accept", "icmpv6 type 129 accept"),
    ("packets that are no SYN open", "host.nft", "tcp flags & (fin | syn | rst | ack) != syn drop", ""),
    ("an ECN SYN is refused", "host.nft", "tcp flags & (fin | syn | rst | ack) != syn drop", "tcp flags != syn drop"),
    ("no replies", "host.nft", "ct state established,related accept", ""),
    ("no errors about connections", "host.nft", "ct state established,related accept", "ct state established accept"),
    ("all that is new too", "host.nft", "ct state established,related accept", "ct state established,related,new accept"),
    ("no neighbours", "host.nft", "icmpv6 type { 133, 134, 135, 136 } ip6 hoplimit 255 accept", ""),
    ("neighbours from afar", "host.nft", "136 } ip6 hoplimit 255 accept", "136 } accept"),
    ("no path MTU", "host.nft", "icmpv6 type 2 accept", ""),
    ("IPv6 wide open", "host.nft", "hook input priority 0; policy drop;", "hook input priority 0; policy drop; meta nfproto ipv6 accept"),
    ("one end too wide at the router", "router.nft", "ip saddr 192.0.2.0/24 ip daddr 10.0.16.0/24 tcp", "ip saddr 192.0.2.0/24 tcp"),
    ("nothing dropped at the router", "router.nft", "policy drop", "policy accept"),
    ("a port off by one", "host.sh", "443,8000:8010 -j ACCEPT\n-A OUTPUT -m", "443,8000:8009 -j ACCEPT\n-A OUTPUT -m"),
    ("IPv4 alone", "host.sh", ":OUTPUT DROP\n-A", ":OUTPUT ACCEPT\n-A"),
    ("packets that are no SYN open", "host.sh", "-A INPUT -p tcp ! --syn -j DROP\n-A OUTPUT ! -s 10", "-A OUTPUT ! -s 10"),
    ("icmp where icmpv6 is meant", "host.sh", "-p icmpv6 --icmpv6-type 128", "-p icmp"),
)

# How loading goes wrong, and which of the comparisons must see it.
WRONG_LOADS = (
    ("a second load adds to the first", "host.nft", "delete table inet tiny\n", "", "second load"),
    ("a load clears the rules of others", "host.nft", "delete table inet tiny\n", "flush ruleset\n", "of others"),
    ("something of the older version stays", "host.nft", "delete table inet tiny\n", "flush table inet tiny\n", "older version whole"),
    ("a load clears the rules of others", "host.sh", "set -eu\n", "set -eu\n${IPTABLES:-iptables} -t mangle -F\n", "of others"),
)


def _ruleset(folder, name):
    target, suffix = name.split(".")
    return target, [Ruleset("nft", target, folder)] if suffix == "nft" else [
        Ruleset("script", target, folder, variant) for variant in ("nf_tables", "legacy")]


def _judge(target, plan, ruleset):
    kind = world.RouterWorld if target.forward else world.HostWorld
    result = sweep.Result()
    with kind(plan.protocols()) as made:
        if ruleset is None:
            plan.run(made, result, everything_passes=True)
        else:
            ruleset.load(made.tested)
            plan.run(made, result)
            plan.talk(made, result)
    return result


def run(report, seed, scratch):
    policy = oracle.Policy(os.path.join(FOLDER, "tiny.yaml"), "2026-11-23")
    plans = {}
    for name in policy.targets():
        target = oracle.Target(policy, name)
        kind = world.RouterWorld if target.forward else world.HostWorld
        plans[name] = target, sweep.Sweep(target, kind.roles, seed, 700)
        report.swept("selftest/%s: without rules everything arrives" % name,
                     _judge(*plans[name], None))
    for name in ("host.nft", "router.nft", "host.sh"):
        target, rulesets = _ruleset(FOLDER, name)
        for ruleset in rulesets:
            why = lacking(ruleset.variant)
            if why:
                report.skip("selftest/%s (%s)" % (name, ruleset.variant), why)
                continue
            ruleset.folder = os.path.join(scratch, "selftest")
            os.makedirs(ruleset.folder, exist_ok=True)
            shutil.copy(os.path.join(FOLDER, name), ruleset.folder)
            report.swept("selftest/%s%s: the right ruleset passes" % (
                name, " (%s)" % ruleset.variant if ruleset.variant else ""),
                _judge(*plans[target], ruleset))
    for number, (what, name, right, wrong) in enumerate(WRONG):
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            text = file.read()
        label = "selftest/%s: caught: %s" % (name, what)
        if right not in text:
            report.fail(label, "the ruleset has no such text: " + right)
            continue
        folder = os.path.join(scratch, "wrong%d" % number)
        os.makedirs(folder)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text.replace(right, wrong))
        target, rulesets = _ruleset(folder, name)
        why = lacking(rulesets[0].variant)
        if why:
            report.skip(label, why)
            continue
        result = _judge(*plans[target], rulesets[0])
        report.sent += result.sent
        if result.wrong:
            report.ok(label)
        else:
            report.fail(label, "%d packets, and none showed the mistake" % result.sent)
    for number, (what, name, right, wrong, seen_by) in enumerate(WRONG_LOADS):
        _wrong_load(report, os.path.join(scratch, "load%d" % number), what, name, right, wrong,
                    seen_by)


def _wrong_load(report, folder, what, name, right, wrong, seen_by):
    """Loads a ruleset that does not replace itself cleanly; the comparison named must fail."""
    label = "selftest/%s: caught: %s" % (name, what)
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        new = file.read().replace(right, wrong)
    old = new.replace("table inet tiny {", "table inet tiny {\n    chain older { accept; }", 1)
    rulesets = []
    for age, text in (("new", new), ("old", old)):
        place = os.path.join(folder, age)
        os.makedirs(place)
        with open(os.path.join(place, name), "w", encoding="utf-8") as file:
            file.write(text)
        rulesets.append(_ruleset(place, name)[1][0])
    why = lacking(rulesets[0].variant)
    if why:
        report.skip(label, why)
        return
    inner = type(report)()
    with world.HostWorld([]) as made:
        policies.load_and_compare(inner, "load", rulesets[0], rulesets[1], made.tested)
    if any(line.startswith("FAIL") and seen_by in line for line in inner.lines):
        report.ok(label)
    else:
        report.fail(label, "no comparison saw it", inner.lines)
