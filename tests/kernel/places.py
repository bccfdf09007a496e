"""Policies whose networks are at interfaces, loaded into a router with four of them: what the kernel
passes is held against what the policy means, which is read here and by nobody else."""
import ipaddress
import json
import os
import random
import re
import subprocess

import interfaces
import packets
import rulesets
import world

NAMES = interfaces.NAMES
PORTS = (22, 80)
TCP = 6
# What a network's binding may say, and the interfaces that it means.
BINDINGS = [({"interface": name}, {name}) for name in NAMES] + [
    ({"interface": ["eth1", "wlan0"]}, {"eth1", "wlan0"}),
    ({"interface": ["br-x", "eth+"]}, {"br-x", "eth", "eth1"}),
    ({"interface": "eth*"}, {"eth", "eth1"}),
    ({"not-interface": "eth1"}, {"eth", "wlan0", "br-x"}),
    ({"not-interface": ["w*", "eth"]}, {"eth1", "br-x"}),
    ({"interface": "eth*", "not-interface": "eth"}, {"eth1"})]


class Policy:
    """Networks, each with addresses and interfaces (None: any), and flows between them."""

    def __init__(self, source):
        self.networks = {}
        for number in range(4):
            self.networks["n%d" % number] = ["10.0.%d.0/24" % number]
        self.networks["all"] = ["any"]
        self.networks["two"] = ["n%d" % number for number in source.sample(range(4), 2)]
        self.bound = {name: source.choice(BINDINGS) for name in self.networks
                      if source.random() < 0.6}
        self.by_place = source.random() < 0.3
        self.own_alone = source.random() < 0.4  # anti-spoofing
        self.flows = [self.flow(source, number) for number in range(9)]

    def flow(self, source, number):
        ends = [source.sample(sorted(self.networks), source.choice((1, 1, 2))) for _ in range(2)]
        if source.random() < 0.2:
            ends[source.randrange(2)] = ["10.0.%d.2" % source.randrange(4)]
        return {"name": "f%d" % number, "action": "deny" if number % 4 == 3 else "allow",
                "source": ends[0], "destination": ends[1], "protocol": "tcp",
                "port": source.choice(([22], [80], [22, 80], ["1-65535"]))}

    def document(self, backend, settings):
        """The policy as YAML, which JSON is."""
        target = dict({"backend": backend, "hook": "forward", "anti-spoofing": self.own_alone},
                      **settings)
        networks, places = {}, {}
        for name, members in self.networks.items():
            networks[name] = {"members": members}
            if name not in self.bound:
                continue
            if self.by_place:
                places["at-" + name] = {"networks": name, backend: self.bound[name][0]}
            else:
                networks[name][backend] = self.bound[name][0]
        if places and all(list(p[backend]) == ["interface"] for p in places.values()):
            target["places"] = {name: p.pop(backend)["interface"] for name, p in places.items()}
        return json.dumps({"flowrules": 1, "networks": networks, "places": places,
                           "flows": self.flows, "targets": {"t": target}})

    def has(self, item, address, interface):
        """Is a packet with this address, at this interface, of an item of an end?"""
        if item not in self.networks:
            return item == "any" or ipaddress.ip_address(address) in ipaddress.ip_network(item)
        return any(ipaddress.ip_address(address) in ipaddress.ip_network(net) and
                   (where is None or interface in where) for net, where in self.parts(item))

    def parts(self, name):
        """Addresses and interfaces of a network; what its members say of themselves stays."""
        own = self.bound[name][1] if name in self.bound else None
        for member in self.networks[name]:
            if member in self.networks:
                for net, where in self.parts(member):
                    yield net, own if where is None else where
            else:
                yield "0.0.0.0/0" if member == "any" else member, own

    def matches(self, flow, packet):
        source, destination, incoming, outgoing, port = packet
        ports = [22, 80] if flow["port"] == ["1-65535"] else flow["port"]
        return (port in ports and
                any(self.has(item, source, incoming) for item in flow["source"]) and
                any(self.has(item, destination, outgoing) for item in flow["destination"]))

    def is_spoofed(self, address, interface):
        """Is it an address of one network alone at interfaces, and comes by another one?"""
        bound = {name: self.bound[name][1] for name in self.bound if name.startswith("n")}
        two = self.bound["two"][1] if "two" in self.bound else None
        for name, where in bound.items():
            mine = ipaddress.ip_address(address) in ipaddress.ip_network(self.networks[name][0])
            if mine and interface not in where:
                return True
        if two is not None:  # wider than its members: those of it that are bound keep their own
            for member in self.networks["two"]:
                if member not in bound and self.has(member, address, interface):
                    return interface not in two
        return False

    def allows(self, packet):
        if self.own_alone and self.is_spoofed(packet[0], packet[2]):
            return False
        taken = [flow["action"] for flow in self.flows if self.matches(flow, packet)]
        return "allow" in taken and "deny" not in taken


def sent_packets():
    """Every road, with sources of all networks, whether they are there or not."""
    for road in ((i, k) for i in range(len(NAMES)) for k in range(len(NAMES)) if i != k):
        for source in range(len(NAMES)):
            for port in PORTS:
                yield road, "10.0.%d.2" % source, "10.0.%d.2" % road[1], port


def send_all(net, policy):
    """(passed, meant, words) of every packet: what the kernel does with it and what is meant."""
    by_road, results = {}, []
    net.tested.forget_connections()
    for number, (road, source, destination, port) in enumerate(sent_packets(), 1):
        packet = packets.Packet(4, int(ipaddress.ip_address(source)),
                                int(ipaddress.ip_address(destination)), TCP, 40000 + number, port)
        meant = policy.allows((source, destination, NAMES[road[0]], NAMES[road[1]], port))
        by_road.setdefault(road, []).append((number, packet, meant))
    for road, sent in by_road.items():
        went = net.send("%d-%d" % road, [(number, packet, packets.build(packet, packets.tag_of(number)))
                                         for number, packet, _ in sent])
        results += [(number in went, meant, "%s -> %s %s" % (NAMES[road[0]], NAMES[road[1]], packet))
                    for number, packet, meant in sent]
    return results


def judge(report, net, label, policy, text):
    results = send_all(net, policy)
    passed = sum(meant for _, meant, _ in results)
    wrong = ["%s: the kernel %s it" % (words, "passes" if went else "drops")
             for went, meant, words in results if went != meant]
    report.sent += len(results)
    report.wrong += len(wrong)
    if wrong:
        report.fail(label, "%d of %d packets" % (len(wrong), len(results)),
                    wrong[:8] + text.split("\n"))
    else:
        report.ok(label, "%d packets, %d pass" % (len(results), passed))
    return passed


def mutate(report, net, options, folder, label, policy, text, source):
    """One interface is another one: where that changes what passes, verify must not say equal."""
    places = [match.span(1) for match in re.finditer(r'[io]ifname(?: !=)? "([^"]*)"', text)]
    if not places:
        return
    first, last = source.choice(places)
    other = source.choice([name for name in NAMES if name != text[first:last]])
    path = os.path.join(folder, "mutant.nft")
    with open(path, "w") as file:
        file.write(text[:first] + other + text[last:])
    net.tested.run(["nft", "-f", path])
    wrong = [words for went, meant, words in send_all(net, policy) if went != meant]
    done = subprocess.run([options["tool"], "verify", "-q", "--json",
                           os.path.join(folder, "places.yaml"), "-t", "t", path],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True)
    equal = '"verdict":"equal"' in done.stdout
    if equal and wrong or not equal and '"verdict":"different"' not in done.stdout:
        report.fail(label, "%s in place of %s" % (other, text[first:last]),
                    wrong[:4] + [done.stdout[:300]] + text.split("\n"))
    else:
        report.ok(label, "%d packets changed, %s" % (len(wrong), "equal" if equal else "different"))


def ask(report, options, folder, label, policy, source):
    """Some packets as questions: the answer is what the policy means of them."""
    asked = source.sample(list(sent_packets()), 8)
    wrong = []
    for road, address, destination, port in asked:
        question = "tcp %s/%s -> %s/%s:%d" % (NAMES[road[0]], address, NAMES[road[1]], destination,
                                              port)
        done = subprocess.run([options["tool"], "query", "-q", "--json",
                               os.path.join(folder, "places.yaml"), question, "-t", "t"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True)
        meant = policy.allows((address, destination, NAMES[road[0]], NAMES[road[1]], port))
        if '"verdict":"%s"' % ("allowed" if meant else "denied") not in done.stdout:
            wrong.append("%s: %s, %s" % (question, meant, done.stdout))
    if wrong:
        report.fail(label, "%d of %d answers" % (len(wrong), len(asked)), wrong)
    else:
        report.ok(label, "%d answers" % len(asked))


def render(options, folder, policy, backend, settings):
    """The files of the target, or the words of the tool where it renders none."""
    path = os.path.join(folder, "places.yaml")
    with open(path, "w") as file:
        file.write(policy.document(backend, settings))
    done = subprocess.run([options["tool"], "render", path, "-t", "t", "-o",
                           os.path.join(folder, "places")], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True)
    return done.stdout if done.returncode != 0 else None


def round_of_nft(report, net, options, folder, number, policy, source):
    label, settings = "places nft %d" % number, {"optimize": number % 3 != 0}
    told = render(options, folder, policy, "nftables", settings)
    if told:
        report.fail(label, "it is not rendered", told.split("\n"))
        return 0
    path = os.path.join(folder, "places", "t.nft")
    net.tested.run(["nft", "-f", path])
    with open(path) as file:
        text = file.read()
    passed = judge(report, net, label, policy, text)
    mutate(report, net, options, folder, "places mutant %d" % number, policy, text, source)
    net.tested.run(["nft", "delete", "table", "inet", "flowrules_t"])
    return passed


def round_of_iptables(report, net, options, folder, number, policy):
    label, variant = "places iptables %d" % number, "nf_tables"
    why = rulesets.lacking(variant)
    if why:
        report.skip(label, why)
        return 0
    told = render(options, folder, policy, "iptables", {"optimize": number % 3 != 0})
    if told:
        report.fail(label, "it is not rendered", told.split("\n"))
        return 0
    path = os.path.join(folder, "places", "t.v4.rules")
    with open(path) as file:
        text = file.read()
    net.tested.run([rulesets.VARIANTS[variant]["iptables-restore"]], text)
    net.tested.run([rulesets.VARIANTS[variant]["iptables"], "-I", "FORWARD", "-j", "FR-t.FWD"])
    passed = judge(report, net, label, policy, text)
    net.tested.run(["nft", "delete", "table", "ip", "filter"])
    return passed


def run(report, options, folder, rounds):
    passed = 0
    with interfaces.FourWorld([]) as net:
        for number in range(rounds):
            source = random.Random("%s places %d" % (options["seed"], number))
            policy = Policy(source)
            passed += round_of_nft(report, net, options, folder, number, policy, source)
            ask(report, options, folder, "places query %d" % number, policy, source)
            passed += round_of_iptables(report, net, options, folder, number, policy)
    if passed == 0:
        report.fail("places", "no packet passed in any round")
