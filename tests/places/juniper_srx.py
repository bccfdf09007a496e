"""
What Junos decides of lines of "set", as far as flowrules writes them and a device has them: the policies between the two
zones of a packet, then the global ones, in their order. What none matches does not pass.
"""
import re

import paloalto

NAME, SUFFIX = "juniper-srx", ".set"
BINDING = "juniper-srx: {zone: %s}"
PLACES = ["trust", "untrust", "dmz", "zone-of-many-characters-and_more-1", "zone-of-many-characters-and_more-2", "lo"]

target, may_refuse, exists = paloalto.target, paloalto.may_refuse, paloalto.exists
is_spoofed, import_options = paloalto.is_spoofed, paloalto.import_options


def statements(text):
    """The words behind "set", without the group that flowrules owns."""
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["set"]:
            yield words[3:] if words[1] == "groups" else words[1:]


class Objects:
    """Addresses and applications by name: members, and ports of TCP (None: another protocol)."""

    def __init__(self, lines):
        self.members, self.terms = {}, {}
        for words in lines:
            if words[:3] == ["security", "address-book", "global"]:
                self.add_address(words[3], words[4], words[5:])
            elif words[:2] == ["applications", "application"]:
                self.terms.setdefault(words[2], []).append(words[3:])
            elif words[:2] == ["applications", "application-set"]:
                self.terms.setdefault(words[2], []).append(words[4])

    def add_address(self, kind, name, words):
        text = words[1] if kind == "address-set" else "-".join(words[1::2]) if words[0] == "range-address" else words[0]
        self.members.setdefault(name, []).append(text)

    def holds(self, name, host):
        if name in ("any", "any-ipv4"):
            return True
        if name in self.members:
            return any(self.holds(member, host) for member in self.members[name])
        return any(paloalto.ipaddress.ip_address(host) in network for network in paloalto.addresses_of(name))

    def has(self, name, port):
        if name == "any":
            return True
        return any(self.has(term, port) if isinstance(term, str) else self.term_has(term, port)
                   for term in self.terms[name])

    @staticmethod
    def term_has(words, port):
        said = dict(zip(words[2:][::2], words[3:][::2])) if words[0] == "term" else dict(zip(words[::2], words[1::2]))
        first, last = paloalto.span(said.get("destination-port", "0-65535"))
        return said["protocol"] == "tcp" and first <= port <= last


class Policy:
    """The lists of a policy, and what it does."""

    def __init__(self):
        self.lists, self.action = {}, None

    def add(self, words):
        if words[0] == "match":
            self.lists.setdefault(words[1], []).append(words[2])
        elif words[:2] != ["then", "log"] and words[0] == "then":
            self.action = words[1]

    def matches(self, objects, packet):
        enters, leaves, source, destination, port = packet
        return ({"any", enters} & set(self.lists.get("from-zone", ["any"]))
                and {"any", leaves} & set(self.lists.get("to-zone", ["any"]))
                and any(objects.holds(name, source) for name in self.lists["source-address"])
                and any(objects.holds(name, destination) for name in self.lists["destination-address"])
                and any(objects.has(name, port) for name in self.lists["application"]))


def decider(text):
    """The verdict of each packet: (entering zone, leaving zone, source, destination, port of TCP)."""
    lines = [*statements(text)]
    objects, contexts = Objects(lines), {}
    for words in lines:
        if words[:3] == ["security", "policies", "global"]:
            contexts.setdefault(None, {}).setdefault(words[4], Policy()).add(words[5:])
        elif words[:3] == ["security", "policies", "from-zone"]:
            contexts.setdefault((words[3], words[5]), {}).setdefault(words[7], Policy()).add(words[8:])

    def decide(packet):
        for context in (packet[:2], None):
            for policy in contexts.get(context, {}).values():
                if policy.matches(objects, packet):
                    return policy.action == "permit"
        return False
    return decide


def name_of(line):
    found = re.search(r" security policies (?:global|from-zone \S+ to-zone \S+) policy (\S+) ", line)
    return found and found.group(1)


def change(rng, text, places):
    """One policy less, another zone in one, another action of one, one between two zones, or two in another order."""
    lines = [line for line in text.splitlines() if line.startswith("set ")]
    names = sorted({name for name in map(name_of, lines) if name})
    kind, name, other = rng.randrange(5), rng.choice(names), rng.choice(names)
    mine = [line for line in lines if name_of(line) == name]
    at = next(i for i, line in enumerate(lines) if name_of(line) == name)
    rest = [line for line in lines if name_of(line) != name]
    if kind == 1:
        key = rng.choice(["from-zone", "to-zone"])
        mine = [line for line in mine if f" match {key} " not in line]
        mine += [f"set groups FR security policies global policy {name} match {key} {zone}"
                 for zone in rng.sample(places, rng.randrange(2))]
    elif kind == 2:
        flips = {" then permit": " then deny", " then deny": " then permit"}
        mine = [re.sub("( then permit| then deny)$", lambda found: flips[found.group(1)], line) for line in mine]
    elif kind == 3:
        zones = [rng.choice(places) for _ in range(2)]
        mine = [line.replace(" global policy ", f" from-zone {zones[0]} to-zone {zones[1]} policy ")
                for line in mine if "-zone " not in line]
    elif kind == 4 and other != name:
        at = next(i for i, line in enumerate(rest) if name_of(line) == other)
    return "\n".join(rest if kind == 0 else rest[:at] + mine + rest[at:]) + "\n"
