"""Set commands for an SRX, loaded into a model of the device, and packets sent through it.

The model is written from Juniper's Security Policies User Guide alone: a candidate configuration that
takes whole statements, groups that are inherited where they are applied, what a commit refuses, and a
lookup that goes through the policies between the two zones of a packet, the global ones, and the
default policy. Each packet's fate is held against what the policy says of it (flowrules query).
"""
import ipaddress
import os
import random
import re
import subprocess
import sys
import tempfile

TOOL = os.environ["FLOWRULES"]
AS_OF = os.environ["AS_OF"]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CASES = {"juniper-srx": ["firewall", "global", "anywhere", "added"], "traps": ["srx"],
         "limits": ["srx-ports"], "hostile-text": ["srx"], "permits": ["srx"], "expires": ["srx"],
         "all-but": ["srx"]}
# Where the addresses of tests/golden/juniper-srx are, innermost first; all others are in untrust.
ZONES = [("10.0.16.0/20", "trust"), ("2001:db8:16::/64", "trust"), ("198.51.100.10/32", "dmz"),
         ("198.51.100.20/30", "dmz"), ("198.51.100.24/30", "dmz"), ("198.51.100.28/31", "dmz"),
         ("2001:db8:100::10/128", "dmz"), ("2001:db8:100::20/125", "dmz"),
         ("192.0.2.66/32", "untrust"), ("192.0.2.0/24", "vpn")]
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmp6": 58, "sctp": 132}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,62}")
WORD = re.compile(r'"[^"\\?]*"|[^\s"?]+')
# What may follow "set groups GROUP", and what of it is a name that flowrules makes.
GRAMMAR = [re.compile(f"{pattern}$") for pattern in (
    r"security address-book global address NAME PREFIX",
    r"security address-book global address NAME dns-name [a-z0-9._-]{1,253}",
    r"security address-book global address NAME range-address ADDRESS to ADDRESS",
    r"security address-book global address-set NAME address NAME",
    r"applications application NAME(?: term t[1-8])? protocol (?:[a-z0-9]+)"
    r"(?: icmp6?-type \d+(?: icmp6?-code \d+)?)?"
    r"(?: source-port \d+(?:-\d+)?)?(?: destination-port \d+(?:-\d+)?)?",
    r"applications application-set NAME application NAME",
    r"schedulers scheduler NAME start-date DATE stop-date DATE",
    r"security policies PLACE policy NAME description TEXT",
    r"security policies PLACE policy NAME match (?:source-address|destination-address|application)"
    r" (?:any|NAME)",
    r"security policies global policy NAME match (?:from-zone|to-zone) ZONE",
    r"security policies PLACE policy NAME then (?:permit|deny|reject|log session-init|log session-close)",
    r"security policies PLACE policy NAME scheduler-name NAME")]
PARTS = {"PLACE": r"(?:from-zone ZONE to-zone ZONE|global)", "ZONE": r"[A-Za-z0-9_-]{1,63}",
         "NAME": r"[A-Za-z][A-Za-z0-9._-]{0,62}", "PREFIX": r"[0-9a-f.:]+/\d+", "ADDRESS": r"[0-9a-f.:]+",
         "DATE": r"\d{4}-\d\d-\d\d\.\d\d:\d\d", "TEXT": r'"[^"\\?]{1,900}"'}

passed = failed = 0


def check(name, errors):
    global passed, failed
    if errors:
        failed += 1
        print(f"FAIL {name}: {errors[0]}")
        for error in errors[1:10]:
            print(f"    {error}")
    else:
        passed += 1
        print(f"ok {name}")


def grammar():
    for pattern in GRAMMAR:
        text = pattern.pattern
        for part in ("PLACE", "ZONE", "NAME", "PREFIX", "ADDRESS", "DATE", "TEXT"):
            text = text.replace(part, PARTS[part])
        yield re.compile(text)


SENTENCES = list(grammar())


class Device:
    """A candidate configuration: statements in the order in which they were first set."""

    def __init__(self):
        self.statements, self.warnings = {}, 0

    def load(self, text):
        for line in text.splitlines():
            if not line or line.startswith("#"):
                continue
            if "?" in line or "\t" in line or not line.isascii():
                raise ValueError(f"the command line would help with: {line}")
            words = WORD.findall(line)
            if " ".join(words) != line:
                raise ValueError(f"words that are not whole: {line}")
            if words[0] == "set":
                self.statements[tuple(words[1:])] = None
            elif words[0] == "delete":
                gone = [s for s in self.statements if s[:len(words) - 1] == tuple(words[1:])]
                self.warnings += not gone
                for statement in gone:
                    del self.statements[statement]
            else:
                raise ValueError(f"not understood: {line}")
        return self

    def inherited(self):
        """What the groups hand down that are applied."""
        groups = [s[1] for s in self.statements if s[0] == "apply-groups"]
        return [s[2:] for s in self.statements if s[0] == "groups" and s[1] in groups]

    def below(self, *path):
        return [s[len(path):] for s in self.inherited() if s[:len(path)] == path]

    def faults(self):
        """What a commit would not take."""
        faults = [f"no statement: {' '.join(s)}" for s in self.inherited()
                  if not any(sentence.match(" ".join(s)) for sentence in SENTENCES)]
        groups = {s[1] for s in self.statements if s[0] == "groups"}
        faults += [f"no group {s[1]}" for s in self.statements
                   if s[0] == "apply-groups" and s[1] not in groups]
        faults += [f"outside of a group: {' '.join(s)}" for s in self.statements
                   if s[0] not in ("groups", "apply-groups")]
        book = self.below("security", "address-book", "global")
        known = {"address": {s[1] for s in book}, "any": {"any"},
                 "application": {s[1] for s in self.below("applications")},
                 "scheduler": {s[1] for s in self.below("schedulers")}}
        faults += [f"no address {s[3]}" for s in book if s[0] == "address-set" and s[3] not in known["address"]]
        faults += [f"no application {s[3]}" for s in self.below("applications")
                   if s[0] == "application-set" and s[3] not in known["application"]]
        for place, policies in self.contexts().items():
            for name, policy in policies.items():
                faults += self.policy_faults(f"{place} {name}", policy, known)
        return faults

    def policy_faults(self, name, policy, known):
        faults = [f"{name} has no {key}" for key in ("source-address", "destination-address", "application")
                  if not policy[key]]
        faults += [f"{name}: no address {a}" for key in ("source-address", "destination-address")
                   for a in policy[key] if a != "any" and a not in known["address"]]
        faults += [f"{name}: no application {a}" for a in policy["application"]
                   if a != "any" and a not in known["application"]]
        faults += [f"{name}: {len(self.addresses(a))} addresses" for key in ("source-address", "destination-address")
                   for a in policy[key] if a != "any" and len(self.addresses(a)) > 1024]
        if policy["scheduler"] and policy["scheduler"] not in known["scheduler"]:
            faults.append(f"{name}: no scheduler {policy['scheduler']}")
        if policy["then"] not in ("permit", "deny", "reject"):
            faults.append(f"{name} has no action")
        return faults

    def contexts(self):
        """{(from, to) or None: {name: policy}}, policies in their order."""
        contexts = {}
        for words in self.below("security", "policies"):
            place = None if words[0] == "global" else (words[1], words[3])
            name, *rest = words[2:] if place is None else words[5:]
            policy = contexts.setdefault(place, {}).setdefault(
                name, {"source-address": [], "destination-address": [], "application": [], "from-zone": [],
                       "to-zone": [], "then": None, "scheduler": None})
            if rest[0] == "match":
                policy[rest[1]].append(rest[2])
            elif rest[0] == "scheduler-name":
                policy["scheduler"] = rest[1]
            elif rest[0] == "then" and rest[1] != "log":
                policy["then"] = rest[1]
        return contexts

    # ---- packets

    def addresses(self, name):
        """Pairs of first and last address of an address or set."""
        found = []
        for words in self.below("security", "address-book", "global"):
            if words[1] != name:
                continue
            if words[0] == "address-set":
                found += self.addresses(words[3])
            elif words[2] == "range-address":
                found.append((ipaddress.ip_address(words[3]), ipaddress.ip_address(words[5])))
            elif words[2] != "dns-name":
                network = ipaddress.ip_network(words[2])
                found.append((network[0], network[-1]))
        return found

    def holds(self, names, address):
        return "any" in names or any(
            first.version == address.version and first <= address <= last
            for name in names for first, last in self.addresses(name))

    def applies(self, names, packet):
        for name in names:
            if name == "any":
                return True
            for words in self.below("applications"):
                if words[1] != name:
                    continue
                if words[0] == "application-set":
                    if self.applies([words[3]], packet):
                        return True
                    continue
                rest = words[4:] if words[2] == "term" else words[2:]
                wanted = dict(zip(rest[::2], rest[1::2]))
                protocol = wanted.pop("protocol")
                if int(PROTOCOLS.get(protocol, protocol) if protocol in PROTOCOLS else protocol) != packet["protocol"]:
                    continue
                if all(self.is_in(packet[key.replace("6-", "-")], value) for key, value in wanted.items()):
                    return True
        return False

    @staticmethod
    def is_in(number, ports):
        first, _, last = ports.partition("-")
        return number is not None and int(first) <= number <= int(last or first)

    def decide(self, packet):
        """The first policy that matches: its name and action."""
        contexts = self.contexts()
        zones = (packet["from"], packet["to"])
        for place in (zones, None):
            for name, policy in contexts.get(place, {}).items():
                if place is None and any(policy[key] and zone not in policy[key]
                                         for key, zone in zip(("from-zone", "to-zone"), zones)):
                    continue
                if self.holds(policy["source-address"], packet["source"]) and \
                        self.holds(policy["destination-address"], packet["destination"]) and \
                        self.applies(policy["application"], packet):
                    return name, policy["then"]
        return "default-policy", "deny"


def render(case, targets, folder):
    command = [TOOL, "render", "policy.yaml", "--as-of", AS_OF, "--no-map", "-o", folder]
    for target in targets:
        command += ["-t", target]
    subprocess.run(command, cwd=os.path.join(ROOT, "tests/golden", case), check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def read(folder, target):
    with open(os.path.join(folder, target + ".set"), encoding="ascii") as file:
        return file.read()


def test_artifacts(folder):
    for case, targets in CASES.items():
        own = os.path.join(folder, case)
        render(case, targets, own)
        for target in targets:
            text = read(own, target)
            try:
                device = Device().load(text)
                check(f"{case}: {target} commits", device.faults())
                first = device.inherited()
                same = device.load(text).inherited() == first
                check(f"{case}: {target} can be loaded twice", [] if same else ["another configuration"])
            except ValueError as error:
                check(f"{case}: {target}", [str(error)])


def test_next_version(folder):
    """What a version before had, and this one has not, is gone; what others have stays."""
    own = os.path.join(folder, "juniper-srx")
    device = Device().load("set system host-name srx\nset security policies global policy theirs then deny\n")
    device.load(read(own, "firewall"))
    before = set(device.statements)
    smaller = re.sub(r"\bADD\b", "FR", read(own, "added"))
    device.load(smaller)
    errors = [f"stayed: {' '.join(s)}" for s in before
              if s[0] == "groups" and s in device.statements and " ".join(s) not in smaller]
    errors += [] if ("system", "host-name", "srx") in device.statements else ["another's statement is gone"]
    check("a version after another", errors)


def zone_of(address):
    for prefix, zone in ZONES:
        network = ipaddress.ip_network(prefix)
        if network.version == address.version and address in network:
            return zone
    return "untrust"


ADDRESSES = ["10.0.16.1", "10.0.17.9", "10.0.31.255", "2001:db8:16::5", "198.51.100.10", "198.51.100.20",
             "198.51.100.29", "2001:db8:100::10", "2001:db8:100::22", "192.0.2.1", "192.0.2.66", "192.0.2.200",
             "203.0.113.7", "203.0.113.80", "8.8.8.8", "1.1.1.1", "100.64.1.1", "2001:db8:ffff::1"]
SERVICES = [("tcp", 22), ("tcp", 443), ("tcp", 8005), ("tcp", 5432), ("tcp", 53), ("udp", 53), ("udp", 123),
            ("udp", 514), ("udp", 4500), ("tcp", 1001), ("sctp", 99), ("icmp", 8), ("icmp", 3), ("icmpv6", 128)]


def packets(seed):
    generator = random.Random(seed)
    while True:
        source, destination = (ipaddress.ip_address(a) for a in generator.sample(ADDRESSES, 2))
        word, number = generator.choice(SERVICES)
        if source.version != destination.version or (word.startswith("icmp") and
                                                     (word == "icmp") != (source.version == 4)):
            continue
        end = f"[{destination}]" if destination.version == 6 else str(destination)
        port = generator.choice([1024, 3000])
        icmp = word.startswith("icmp")
        yield f"{word} {source}{'' if icmp else f':{port}' if source.version == 4 else ''} -> {end}:{number}", {
            "from": zone_of(source), "to": zone_of(destination), "source": source, "destination": destination,
            "protocol": PROTOCOLS[{"icmpv6": "icmp6"}.get(word, word)],
            "source-port": None if icmp or source.version == 6 else port,
            "destination-port": None if icmp else number, "icmp-type": number if icmp else None,
            "icmp-code": 0 if icmp else None}


def test_packets(folder):
    """The device does with packets what the policy says, between zones that are closed."""
    own = os.path.join(folder, "juniper-srx")
    device = Device().load(read(own, "firewall"))
    closed = {place for place, policies in device.contexts().items() if "FR_deny-rest" in policies}
    errors, seen = [], {"permit": 0, "deny": 0}
    for question, packet in packets(17):
        if sum(seen.values()) >= 160:
            break
        if (packet["from"], packet["to"]) not in closed:
            continue
        name, action = device.decide(packet)
        status = subprocess.run([TOOL, "query", "policy.yaml", question, "-t", "firewall", "--as-of", AS_OF],
                                cwd=os.path.join(ROOT, "tests/golden/juniper-srx"), check=False,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        seen[action] += 1
        if status != (0 if action == "permit" else 1):
            errors.append(f"{question}: {name} {action}, but query ends with {status}")
    check("packets between closed zones", errors)
    check("some pass, some do not", [] if min(seen.values()) > 10 else [str(seen)])
    # A model that is blind would not see this.
    text = read(own, "firewall").replace("destination-port 5432", "destination-port 5433")
    packet = {"from": "dmz", "to": "dmz", "source": ipaddress.ip_address("198.51.100.10"),
              "destination": ipaddress.ip_address("198.51.100.20"), "protocol": 6, "source-port": 3000,
              "destination-port": 5432, "icmp-type": None, "icmp-code": None}
    fates = [Device().load(t).decide(packet)[1] for t in (read(own, "firewall"), text)]
    check("the model sees another port", [] if fates == ["permit", "deny"] else [str(fates)])


with tempfile.TemporaryDirectory() as scratch:
    test_artifacts(scratch)
    test_next_version(scratch)
    test_packets(scratch)
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(failed > 0)
