"""
What an ASA decides by an access list for each interface, as far as flowrules writes them: the first entry of the list
at the interface by which a packet enters, or leaves, whose addresses and ports match. Where the packet is at its other
end, routes say: an address is behind the interfaces of the narrowest network that has it.
"""
import ipaddress

NAME, SUFFIX = "cisco-asa", ".cfg"
BINDING = "cisco-asa: {interface: %s}"
PLACES = ["inside", "outside", "dmz", "an-interface-whose-name-is-longer-than-linux-has", "partner", "lo"]


def target(rng, policy):
    policy.out = rng.random() < 0.3
    policy.spoofing = not policy.out and rng.random() < 0.3
    return ("match-interfaces: true" + (", access-group: out" if policy.out else "") +
            (", anti-spoofing: true" if policy.spoofing else "") + (", optimize: false" if rng.random() < 0.3 else ""))


def may_refuse(messages):
    """A flow that no packet can match, and addresses that do not say behind which interface they are."""
    return "error" in messages and ("at another interface" in messages or "needs an interface" in messages)


# ---- where addresses are ----------------------------------------------------------------------------------------------

def parts_of(network, around=None):
    """The hosts and ranges of a network, each with its places."""
    places = network.places or around
    yield places, prefixes(network.ranges)
    for member in network.members:
        yield from parts_of(member, places)


def owners(policy):
    """(places, ranges) of all that is said to be somewhere, with the parts of a network that are at the same places."""
    for network in policy.networks:
        found = {}
        for places, ranges in parts_of(network):
            if places:
                found.setdefault(frozenset(places), []).extend(ranges)
        yield from found.items()


def holds(outer, inner):
    return all(any(net.subnet_of(other) for other in outer) for net in inner)


def prefixes(texts):
    return [ipaddress.ip_network("0.0.0.0/0" if text == "any" else text) for text in texts]


def collapse(ranges):
    return [*ipaddress.collapse_addresses(ranges)]


def places_of(policy, host):
    """Where an address may be: at the places of the narrowest that have it; None: anywhere."""
    address = ipaddress.ip_address(host)
    having = [(places, collapse(ranges)) for places, ranges in owners(policy)
              if any(address in net for net in ranges)]
    found = set()
    for places, ranges in having:
        if not any(holds(ranges, other) and not holds(other, ranges) for _, other in having):
            found |= places
    return found or None


def exists(policy, packet):
    """Can there be such a packet, as routes are, and is it of an interface that has a list?"""
    near, far = (packet[1], packet[0]) if policy.out else packet[:2]
    host = packet[2] if policy.out else packet[3]
    where = places_of(policy, host)
    named = {place for network in policy.networks for place in network.places or []}
    return near in named and (where is None or far in where)


def is_spoofed(policy, packet):
    """Does it come by another interface than its source alone is at? Networks of all addresses do not count."""
    if not policy.spoofing:
        return False
    address = ipaddress.ip_address(packet[2])
    bound = [(frozenset(n.places), collapse(prefixes(n.all_ranges()))) for n in policy.networks if n.places]
    bound = [(p, r) for p, r in bound if r != [ipaddress.ip_network("0.0.0.0/0")]]
    having = [(p, r) for p, r in bound if any(address in net for net in r)]
    own = [p for p, r in having
           if not any(q != p and not (holds(other, r) and collapse(other) != r) for q, other in having)]
    return bool(own) and packet[0] not in own[0]


def import_options(policy):
    return ("--set", "match-interfaces=true", "--set", "access-group=" + ("out" if policy.out else "in"))


# ---- what is written --------------------------------------------------------------------------------------------------

class Device:
    """Objects, groups and lists, as commands leave them."""

    def __init__(self, text):
        self.objects, self.services, self.lists, self.bound = {}, {}, {}, {}
        mode = None
        for line in text.splitlines():
            words = line.split()
            if line.startswith(" ") and mode is not None:
                self.member(mode, words)
            elif words[:1] in (["object"], ["object-group"]):
                mode = self.services.setdefault(words[2], []) if words[1] == "service" else \
                    self.objects.setdefault(words[2], [])
            elif words[:1] == ["access-list"] and words[2] == "rename":
                self.lists[words[3]] = self.lists.pop(words[1])
            elif words[:1] == ["access-list"] and words[2] == "extended":
                self.lists.setdefault(words[1], []).append(words[3:])
            elif words[:1] == ["clear"]:
                self.lists.pop(words[3], None)
            elif words[:1] == ["access-group"]:
                self.bound[words[2], words[4]] = words[1]

    def member(self, mode, words):
        if words[0] == "range":
            mode += ipaddress.summarize_address_range(*map(ipaddress.ip_address, words[1:3]))
        elif words[:2] == ["network-object", "object"]:
            mode += self.objects[words[2]]
        elif words[0] == "service-object":
            mode.append((words[1], words[words.index("destination") + 1:] if "destination" in words else []))
        elif words[0] in ("host", "subnet", "network-object"):
            mode += network(words[1:] if words[0] != "host" else words)

    def end(self, words, host):
        """Takes an end away from words: does the host match?"""
        word = words.pop(0)
        if word in ("any", "any4", "any6"):
            return word != "any6"
        if word in ("object", "object-group"):
            nets = self.objects[words.pop(0)]
        else:
            nets = network([word, words.pop(0)] if "/" not in word else [word])
        return any(ipaddress.ip_address(host) in net for net in nets)

    def matches(self, entry, packet):
        words = entry[1:]
        protocol = words.pop(0)
        services = self.services[words.pop(0)] if protocol == "object-group" else None
        hosts = self.end(words, packet[2]), self.end(words, packet[3])
        if services is None:
            services = [(protocol, words)]
        return all(hosts) and any(name == "ip" or (name == "tcp" and is_port(rest, packet[4]))
                                  for name, rest in services)


def network(words):
    """One prefix, or none of IPv6."""
    if ":" in "".join(words):
        return []
    return [ipaddress.ip_network(words[1] if words[0] == "host" else "/".join(words[:2]))]


def is_port(words, port):
    if words[:1] == ["eq"]:
        return port == int(words[1])
    if words[:1] == ["range"]:
        return int(words[1]) <= port <= int(words[2])
    return True


def decider(text):
    """The verdict of each packet: (entering interface, leaving interface, source, destination, port of TCP)."""
    device = Device(text)
    way = next(iter(device.bound), ("in", ""))[0]

    def decide(packet):
        name = device.bound.get((way, packet[1 if way == "out" else 0]))
        return next((entry[0] == "permit" for entry in device.lists.get(name, []) if device.matches(entry, packet)),
                    False)
    return decide


def change(rng, text, places):
    """One entry less, another action of one, two in another order, or one in the list of another interface."""
    lines = text.splitlines()
    at = [i for i, line in enumerate(lines) if " extended " in line]
    kind, i = rng.randrange(4), rng.choice(at)
    if kind == 0:
        del lines[i]
    elif kind == 1:
        old, new = (" permit ", " deny ") if " permit " in lines[i] else (" deny ", " permit ")
        lines[i] = lines[i].replace(old, new, 1)
    elif kind == 2:
        k = rng.choice(at)
        lines[i], lines[k] = lines[k], lines[i]
    else:
        bound = [k for k, line in enumerate(lines) if line.startswith("access-group")]
        k = rng.choice(bound)
        other = rng.choice(bound)
        lines[k], lines[other] = (lines[other].rsplit(" ", 1)[0] + " " + lines[k].rsplit(" ", 1)[1],
                                  lines[k].rsplit(" ", 1)[0] + " " + lines[other].rsplit(" ", 1)[1])
    assert places
    return "\n".join(line for line in lines if not line.startswith("!")) + "\n"
