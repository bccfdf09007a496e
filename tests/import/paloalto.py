"""
Configurations of PAN-OS as its command line and its XML export give them out: objects, groups in
groups, tags and descriptions, narrow allows before wide denies, App-IDs, between two zones, within
one, and between many. Now and then something that nobody can know: a user, a dynamic group, an odd
App-ID.
"""
from xml.sax.saxutils import escape, quoteattr

ADDRESSES = {"web-1": "10.1.0.10", "web-2": "10.1.0.11", "servers": "10.1.0.0/16",
             "office": "192.0.2.0/24", "branch": "198.51.100.0/25", "pool": "10.2.0.10-10.2.0.20",
             "v6-lan": "2001:db8:1::/48", "everything-v4": "0.0.0.0/0",
             "hub": "hub.example.com", "mirror": "mirror.example.net"}
# What stands in which zone: an address is in one of them.
INSIDE = ["web-1", "web-2", "servers", "pool", "inner", "172.16.0.0/12"]
OUTSIDE = ["office", "branch", "outer", "203.0.113.0/24", "v6-lan"]
NAMES = ["hub", "mirror"]  # of allows: no policy denies a name
SERVICES = {"tcp-8443": ("tcp", "8443"), "tcp-high": ("tcp", "8000-8010,9000"),
            "udp-514": ("udp", "514"), "tcp-22": ("tcp", "22")}
PORTLESS = ["ping", "icmp", "ipv6-icmp", "ospf", "ipsec-esp", "gre", "echo-reply"]
APP_IDS = ["ssl", "web-browsing", "dns", "ssh", "ntp", "ms-rdp", "facebook-base"]
# PAN-OS takes 31 characters; "lo" is no zone of its own kind, as the interface is on Linux.
ZONES = ["trust", "untrust", "dmz", "guest", "zone-of-thirty-one-characters-1",
         "zone-of-thirty-one-characters-2", "lo", "exactly-fifteen", "sixteen-letters-"]
ACTIONS = ["allow", "allow", "allow", "deny", "drop", "reset-both"]


def kind_of(value):
    if value.endswith((".com", ".net")):
        return "fqdn"
    return "ip-range" if "-" in value else "ip-netmask"


def objects(rng):
    """Entries of sections: (section, name, [(path, value)])."""
    yield from (("address", name, [((kind_of(value),), value)] + described(rng))
                for name, value in ADDRESSES.items())
    for group, members in (("inner", ["web-1", "web-2", "pool"]), ("outer", ["office", "branch"])):
        yield "address-group", f"few-{group}", [(("static",), rng.choice(members))]
        yield "address-group", group, [(("static",), m) for m in (f"few-{group}", members[-1])]
    for name, (protocol, ports) in SERVICES.items():
        yield "service", name, [(("protocol", protocol, "port"), ports)]
    yield "service-group", "few", [(("members",), m) for m in ("tcp-8443", "udp-514")]
    yield "service-group", "more", [(("members",), m) for m in ("few", "tcp-22")]
    yield "application", "echo-reply", [(("category",), "networking"),
                                        (("default", "ident-by-icmp-type", "type"), "0")]
    if rng.random() < 0.2:
        yield "address-group", "moving", [(("dynamic", "filter"), "'web'")]


def described(rng):
    return [(("description",), "of the old network")] if rng.random() < 0.3 else []


def end(rng, names):
    return ["any"] if rng.random() < 0.3 else rng.sample(names, rng.randrange(1, 4))


def what(rng, action):
    """The applications and services of a rule."""
    choice = rng.random()
    if choice < (0.1 if action == "allow" else 0.2):
        return ["any"], ["any"]
    if choice < 0.6:
        return ["any"], rng.sample([*SERVICES, "few", "more", "service-https"], rng.randrange(1, 3))
    if choice < 0.8:
        return rng.sample(PORTLESS, rng.randrange(1, 3)), ["application-default"]
    return rng.sample(APP_IDS, rng.randrange(1, 3)), ["application-default"]


def between(rng, zones, action):
    """The zones of a rule, of one pair or of many zones."""
    if isinstance(zones, tuple):
        return [(("from",), zones[0]), (("to",), zones[1])]
    attributes, both = [], []
    # Where no zones are declared, a deny from some of them may leave all others, which no list tells.
    narrow = "declared" in zones or action == "allow"
    for key in ("from", "to"):
        some = ["any"] if not narrow or rng.random() < 0.25 else rng.sample(zones, rng.choice([1, 1, 2, 3]))
        attributes += [((key,), zone) for zone in some]
        both.append(some)
    if rng.random() < 0.15:
        attributes.append((("rule-type",), rng.choice(["interzone", "universal"])))
    elif both[0] == both[1] and rng.random() < 0.5:
        attributes.append((("rule-type",), "intrazone"))
    return attributes


def rule(rng, number, zones, moving):
    action = rng.choice(ACTIONS)
    applications, services = what(rng, action)
    attributes = between(rng, zones, action)
    attributes += [(("source",), m) for m in end(rng, INSIDE + moving)]
    # Between many zones, where a deny stands before a name in one place and behind it in another,
    # no policy may keep the order.
    outside = OUTSIDE + (NAMES if action == "allow" and isinstance(zones, tuple) else [])
    destinations = end(rng, outside)
    attributes += [(("destination",), m) for m in destinations]
    if not isinstance(zones, tuple) and destinations != ["any"] and rng.random() < 0.1:
        attributes.append((("negate-destination",), "yes"))
    attributes += [(("source-user",), "any" if rng.random() < 0.95 else "example\\staff"),
                   (("category",), "any")]
    attributes += [(("application",), m) for m in applications]
    attributes += [(("service",), m) for m in services]
    attributes += [(("action",), action), (("log-end",), "yes")] + described(rng)
    if rng.random() < 0.2:
        attributes.append((("tag",), "reviewed"))
    if rng.random() < 0.1:
        attributes.append((("disabled",), "yes"))
    return "rule", f"Rule {number}", attributes


def last_deny():
    keys = ["from", "to", "source", "destination", "application", "service"]
    return "rule", "deny-all", [((key,), "any") for key in keys] + [(("action",), "deny")]


def quoted(word):
    return f'"{word}"' if " " in word or "'" in word else word


def as_set(entries):
    lines = []
    for section, name, attributes in entries:
        place = "rulebase security rules" if section == "rule" else section
        lines += [f"set {place} {quoted(name)} {' '.join(path)} {quoted(value)}"
                  for path, value in attributes]
    return "\n".join(lines) + "\n"


LISTS = {"static", "members", "from", "to", "source", "destination", "source-user", "category",
         "application", "service", "tag"}


def as_element(section, attributes):
    """Lists are members; what has a longer path is nested."""
    text, seen = "", set()
    for path, value in attributes:
        if path in seen:
            continue
        values = [v for p, v in attributes if p == path]
        seen.add(path)
        listed = path[-1] in LISTS and (section == "rule" or path[-1] in ("static", "members"))
        inner = "".join(f"<member>{escape(v)}</member>" for v in values) if listed \
            else escape(value)
        text += "".join(f"<{p}>" for p in path) + inner
        text += "".join(f"</{p}>" for p in reversed(path))
    return text


def as_xml(entries):
    sections = {}
    for section, name, attributes in entries:
        sections.setdefault(section, []).append(
            f"<entry name={quoteattr(name)}>{as_element(section, attributes)}</entry>\n")
    rules = "".join(sections.pop("rule"))
    text = "".join(f"<{s}>\n{''.join(e)}</{s}>\n" for s, e in sections.items())
    return ('<?xml version="1.0"?>\n<config version="10.1.0"><devices>'
            '<entry name="localhost.localdomain"><vsys><entry name="vsys1">\n' + text +
            "<rulebase><security><rules>\n" + rules +
            "</rules></security></rulebase></entry></vsys></entry></devices></config>\n")


def generate(rng):
    entries = list(objects(rng))
    moving = ["moving"] if entries[-1][1] == "moving" else []
    many = rng.sample(ZONES, rng.randrange(3, len(ZONES)))
    many += ["declared"] if rng.random() < 0.7 else []
    zones = rng.choice([("trust", "untrust"), ("trust", "trust"), many, many])
    entries += [rule(rng, n, zones, moving) for n in range(1, rng.randrange(3, 9))]
    if zones[0] == zones[1] or rng.random() < 0.7:
        entries.append(last_deny())
    options = ["--set", "match-zones=true"]
    if zones is not many:
        options = ["--set", f"from-zone={zones[0]}", "--set", f"to-zone={zones[1]}"]
    elif "declared" in zones:
        entries += [("zone", zone, [(("network", "layer3"), "ethernet1/9")]) for zone in zones]
    if rng.random() < 0.5:
        options += ["--set", "applications=ports"]
    if rng.random() < 0.5:
        return [("running.set", as_set(entries))], options
    return [("running.xml", as_xml(entries))], options


def count_rules(files):
    return sum(text.count(" action ") + text.count("<action>") for _, text in files)
