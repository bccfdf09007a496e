"""
What PAN-OS decides of lines of "set", as far as flowrules writes them: the first rule whose zones, addresses and services
match. Behind them stand its own rules: what stays within a zone passes, the rest does not.
"""
import ipaddress
import shlex

NAME, SUFFIX = "paloalto", ".set"
BINDING = "paloalto: {zone: %s}"
PLACES = ["trust", "untrust", "dmz", "zone-of-thirty-one-characters-1", "zone-of-thirty-one-characters-2", "lo"]


def target(rng, _policy):
    return "match-zones: true" + (", optimize: false" if rng.random() < 0.3 else "")


def may_refuse(messages):
    """What no policy of this test is spared: a flow that no packet can match."""
    return "FR0511" not in messages and "FR0510" not in messages and "error" in messages


def exists(_policy, _packet):
    return True


def is_spoofed(_policy, _packet):
    return False


def import_options(_policy):
    return ()


def words_of(line):
    return shlex.split(line)


def values(words, key):
    """The value, or the list, behind a word."""
    at = words.index(key) + 1
    if words[at] != "[":
        return [words[at]]
    return words[at + 1:words.index("]", at)]


class Objects:
    """Addresses, groups and services by name."""

    def __init__(self, lines):
        self.addresses, self.ports = {"any": [ipaddress.ip_network("0.0.0.0/0")]}, {"any": None}
        for words in lines:
            if words[1] == "address" and words[3] in ("ip-netmask", "ip-range"):
                self.addresses[words[2]] = addresses_of(words[4])
            elif words[1] == "address-group":
                self.addresses[words[2]] = [a for m in values(words, "static") for a in self.addresses[m]]
            elif words[1] == "service":
                self.ports[words[2]] = [span(part) for part in words[words.index("port") + 1].split(",")]

    def holds(self, name, host):
        return any(ipaddress.ip_address(host) in network for network in self.addresses[name])

    def has(self, name, port):
        return self.ports[name] is None or any(first <= port <= last for first, last in self.ports[name])


def addresses_of(text):
    first, _, last = text.partition("-")
    if last:
        return [*ipaddress.summarize_address_range(ipaddress.ip_address(first), ipaddress.ip_address(last))]
    network = ipaddress.ip_network(text)
    return [network] if network.version == 4 else []


def span(text):
    first, _, last = text.partition("-")
    return int(first), int(last or first)


class Rule:
    """The attributes of a rule, of one line or several."""

    def __init__(self):
        self.words = []

    def matches(self, objects, packet):
        places, hosts, port = packet[:2], packet[2:4], packet[4]
        for key, place in zip(("from", "to"), places):
            if not {"any", place} & set(values(self.words, key)):
                return False
        for key, host in zip(("source", "destination"), hosts):
            if not any(objects.holds(name, host) for name in values(self.words, key)):
                return False
        # A rule with applications is about protocols without ports: all packets here are TCP.
        return values(self.words, "application") == ["any"] and \
            any(objects.has(name, port) for name in values(self.words, "service"))


def decider(text):
    """The verdict of each packet: (entering zone, leaving zone, source, destination, port of TCP)."""
    lines = [words_of(line) for line in text.splitlines() if line.startswith("set ")]
    objects, rules = Objects(lines), {}
    for words in lines:
        if words[1:4] == ["rulebase", "security", "rules"]:
            rules.setdefault(words[4], Rule()).words += words[5:]

    def decide(packet):
        for rule in rules.values():
            if rule.matches(objects, packet):
                return values(rule.words, "action") == ["allow"]
        return packet[0] == packet[1]
    return decide


def change(rng, text, places):
    """One rule less, another zone in one, another action of one, or two rules in another order."""
    lines = text.splitlines()
    at = [i for i, line in enumerate(lines) if line.startswith("set rulebase security rules ")]
    kind, i = rng.randrange(4), rng.choice(at)
    name = words_of(lines[i])[4]
    if kind == 0:
        lines = [line for line in lines if name not in line.split()]
    elif kind == 1:
        words = words_of(lines[i])
        key = rng.choice(["from", "to"])
        other = rng.choice([*places, "any"])
        old = lines[i][lines[i].index(f" {key} "):lines[i].index(" to " if key == "from" else " source ")]
        lines[i] = lines[i].replace(old, f" {key} {other}", 1)
        assert values(words, "action")
    elif kind == 2:
        flips = (" action allow ", " action drop ")
        old, new = flips if flips[0] in lines[i] else flips[::-1]
        lines[i] = lines[i].replace(old, new)
    else:
        k = rng.choice(at)
        lines[i], lines[k] = lines[k], lines[i]
    # Rules stand in the order of their lines: no moves, and nothing is deleted.
    return "\n".join(line for line in lines if line.startswith("set ")) + "\n"
