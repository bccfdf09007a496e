"""Rules that look at interfaces, loaded into a router with four of them: what the kernel passes is held
against what is read of the same rules. A packet is asked about by diff: its own drop before all
other rules changes something if, and only if, it passed."""
import ipaddress
import os
import random
import subprocess

import packets
import rulesets
import world

# Names of which one begins like others, and like no other.
NAMES = ("eth", "eth1", "wlan0", "br-x")
PORTS = (22, 80)
TCP = 6

# Matches on interfaces: as iptables has them and as nft has them.
MATCHES = (
    ("-i eth1", 'iifname "eth1"'),
    ("! -i eth1", 'iifname != "eth1"'),
    ("-i eth+", 'iifname "eth*"'),
    ("! -i e+", 'iifname != "e*"'),
    ("-o wlan0", 'oifname "wlan0"'),
    ("! -o br-x", 'oifname != "br-x"'),
    ("-o b+", 'oifname "b*"'),
    ("-i eth+ ! -o eth+", 'iifname "eth*" oifname != "eth*"'),
    ("-i eth -o eth1", 'iifname "eth" oifname "eth1"'),
    ("", ""),
)
# What only nft can say.
SETS = ('iifname { "eth1", "wlan0" }', 'iifname . oifname { "eth" . "eth1", "wlan0" . "br-x" }',
        'oifname != { "eth", "br-x" }')


class FourWorld(world.World):
    """A router between four networks, each with one machine: road "i-j" leads from i to j."""

    roles = {}

    def build(self):
        self.tested = self.namespace()
        self.tested.set_sysctls({"net/ipv4/conf/all/forwarding": "1"})
        machines = []
        for i, name in enumerate(NAMES):
            machine, inner, outer = self.namespace(), 2 * i + 1, 2 * i + 2
            self.wire(self.tested, name, inner, machine, "m0", outer)
            mac = "02:00:00:00:00:%02x" % outer
            self.tested.ip("addr add 10.0.%d.1/24 dev %s\n"
                           "neigh replace 10.0.%d.2 lladdr %s nud permanent dev %s" % (
                               i, name, i, mac, name))
            machines.append((machine, bytes((2, 0, 0, 0, 0, inner))))
        self.tested.run(["nft", "-f", "-"], world.QUIET)
        for i, (machine, mac) in enumerate(machines):
            for k, (other, _) in enumerate(machines):
                if i != k:
                    self.roads["%d-%d" % (i, k)] = world.Road(
                        self.keep(world.Injected(machine, "m0", mac)), self.keep(world.Tap(other, "m0")),
                        [self.keep(world.Wire(machine, "m0", self.tested, NAMES[i])),
                         self.keep(world.Wire(self.tested, NAMES[k], other, "m0"))])


def random_rules(source, count):
    """Rules as (match, port or None, verdict): in chain 0, which may lead to chain 1."""
    chains = {"0": [], "1": []}
    for chain in ("0", "1"):
        for _ in range(count):
            verdict = source.choice(["ACCEPT", "ACCEPT", "ACCEPT", "DROP", "RETURN"] +
                                    ["1", "1"] * (chain == "0"))
            chains[chain].append((source.randrange(len(MATCHES)),
                                  source.choice((None,) + PORTS), verdict))
    return chains


def as_iptables(chains, before=()):
    names = {"0": "FORWARD", "1": "FR-inner"}
    lines = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]",
             ":FR-inner - [0:0]"]
    for incoming, outgoing, port in before:
        lines.append("-A FORWARD -i %s -o %s -p tcp -m tcp --dport %d -j DROP" % (
            incoming, outgoing, port))
    for chain in ("0", "1"):
        for match, port, verdict in chains[chain]:
            service = " -p tcp -m tcp --dport %d" % port if port else ""
            lines.append(" ".join(("-A %s %s%s -j %s" % (
                names[chain], MATCHES[match][0], service, names.get(verdict, verdict))).split()))
    return "\n".join(lines + ["COMMIT", ""])


def as_nft(chains, before=(), special=()):
    names = {"0": "forward", "1": "inner"}
    lines = ["table ip judged {", "chain inner {"]
    for chain in ("1", "0"):
        if chain == "0":
            lines += ["}", "chain forward {", "type filter hook forward priority 0; policy drop;"]
            lines += ['iifname "%s" oifname "%s" tcp dport %d drop' % what for what in before]
            lines += special
        for match, port, verdict in chains[chain]:
            lines.append(" ".join(("%s %s %s" % (
                MATCHES[match][1], "tcp dport %d" % port if port else "",
                "jump " + names[verdict] if verdict in names else verdict.lower())).split()))
    return "\n".join(lines + ["}", "}", ""])


def special_rules(source):
    """Sets and maps of verdicts by interfaces, before the other rules."""
    found = ["%s tcp dport %d %s" % (match, source.choice(PORTS), source.choice(("accept", "drop")))
             for match in source.sample(SETS, 2)]
    found.append('iifname vmap { "wlan0" : jump inner, "br-x" : %s }' % source.choice(
        ("drop", "accept")))
    return found


class Judge:
    """Asks the tool about one packet of a ruleset."""

    def __init__(self, options, folder, backend, suffix):
        self.tool, self.folder, self.backend, self.suffix = options["tool"], folder, backend, suffix

    def path(self, name, text):
        path = os.path.join(self.folder, name + self.suffix)
        with open(path, "w") as file:
            file.write(text)
        return path

    def differ(self, one, other):
        done = subprocess.run(
            [self.tool, "diff", "-q", "--json", "%s=%s" % (self.backend, self.path("one", one)),
             "%s=%s" % (self.backend, self.path("other", other))],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
        if '"verdict":"different"' in done.stdout:
            return True
        if '"verdict":"equal"' in done.stdout:
            return False
        raise ValueError("diff does not know: %s" % done.stdout[:300])


def sent_packets():
    for road in ((i, k) for i in range(len(NAMES)) for k in range(len(NAMES)) if i != k):
        for port in PORTS:
            yield road, port


def passes(net, road, port, number):
    source, destination = (int(ipaddress.ip_address("10.0.%d.2" % end)) for end in road)
    packet = packets.Packet(4, source, destination, TCP, 40000 + number, port)
    data = packets.build(packet, packets.tag_of(number))
    return number in net.send("%d-%d" % road, [(number, packet, data)])


def judge(report, net, label, write, asked):
    """Sends every packet through rules that are loaded, and asks about each."""
    wrong, passed, text = [], 0, write(())
    net.tested.forget_connections()
    for number, (road, port) in enumerate(sent_packets(), 1):
        went = passes(net, road, port, number)
        passed += went
        told = asked.differ(text, write([(NAMES[road[0]], NAMES[road[1]], port)]))
        if went != told:
            wrong.append("%s -> %s tcp/%d: the kernel %s it, the reading %s it" % (
                NAMES[road[0]], NAMES[road[1]], port, "passes" if went else "drops",
                "passes" if told else "drops"))
    report.sent += number
    report.wrong += len(wrong)
    if wrong:
        report.fail(label, "%d of %d packets" % (len(wrong), number), wrong[:8] + text.split("\n"))
    else:
        report.ok(label, "%d packets, %d pass" % (number, passed))
    return passed


def run(report, options, folder, rounds):
    passed = 0
    with FourWorld([]) as net:
        for number in range(rounds):
            source = random.Random("%s interfaces %d" % (options["seed"], number))
            chains, special = random_rules(source, 5), special_rules(source)
            net.tested.run(["nft", "-f", "-"], as_nft(chains, (), special))
            passed += judge(report, net, "interfaces nft %d" % number,
                            lambda before, c=chains, s=special: as_nft(c, before, s),
                            Judge(options, folder, "nftables", ".nft"))
            net.tested.run(["nft", "delete", "table", "ip", "judged"])
            why = rulesets.lacking("nf_tables")
            if why:
                report.skip("interfaces iptables %d" % number, why)
                continue
            restore = rulesets.VARIANTS["nf_tables"]["iptables-restore"]
            net.tested.run([restore], as_iptables(chains))
            passed += judge(report, net, "interfaces iptables %d" % number,
                            lambda before, c=chains: as_iptables(c, before),
                            Judge(options, folder, "iptables", ".v4"))
            net.tested.run(["nft", "delete", "table", "ip", "filter"])
    if passed == 0:
        report.fail("interfaces", "no packet passed in any round")
