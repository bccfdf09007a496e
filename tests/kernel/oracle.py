"""What a policy lets through, decided packet by packet and by brute force.

Reads the policy and its lock file itself and never asks flowrules: that is what makes it a judge.
It expects a policy that is sound, and decides for addresses alone: platform groups are left out.
"""
import functools
import ipaddress
import json
import os
import re
import socket

import yaml

import packets

ALL = [(4, 0, 2**32 - 1), (6, 0, 2**128 - 1)]
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58,
             "ipv6-icmp": 58, "sctp": 132}
ICMP_TYPES = {
    1: {"echo-reply": 0, "destination-unreachable": 3, "redirect": 5, "echo-request": 8,
        "time-exceeded": 11, "parameter-problem": 12, "timestamp-request": 13,
        "timestamp-reply": 14},
    58: {"destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3,
         "parameter-problem": 4, "echo-request": 128, "echo-reply": 129},
}


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML 1.2's plain scalars: a date stays text, 10:20 is no number, "on" is no truth."""


Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (("bool", r"true|false", "tf"), ("int", r"[0-9]+", "0123456789"),
                               ("null", r"~|null|", "~n"), ("merge", r"<<", "<")):
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + _tag, re.compile("^(?:%s)$" % _pattern),
                                 list(_first))
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


def as_list(value):
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@functools.lru_cache(None)
def read_yaml(path):
    """The document, which is not to be changed; JSON is read as such, since it is far quicker."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return json.loads(text) if text.startswith("{") else yaml.load(text, Loader)


class Set:
    """Ranges (family, first, last); membership is looked up one by one and remembered."""

    def __init__(self, ranges):
        self.ranges = ranges
        self.known = {}

    def has(self, family, address):
        key = (family, address)
        answer = self.known.get(key)
        if answer is None:
            answer = any(f == family and first <= address <= last for f, first, last in self.ranges)
            self.known[key] = answer
        return answer


def without(ranges, taken):
    """The ranges less one range."""
    family, low, high = taken
    left = []
    for f, first, last in ranges:
        if f != family or last < low or high < first:
            left.append((f, first, last))
            continue
        if first < low:
            left.append((f, first, low - 1))
        if last > high:
            left.append((f, high + 1, last))
    return left


class Term:
    """One protocol (None: any), and the ranges that limit it (None: no limit)."""

    def __init__(self, protocol, ports=None, source_ports=None, types=None, codes=None):
        self.protocol, self.ports, self.source_ports = protocol, ports, source_ports
        self.types, self.codes = types, codes

    def has(self, packet):
        def within(ranges, value):
            return ranges is None or any(low <= value <= high for low, high in ranges)
        if self.protocol is None:
            return True
        if packet.protocol != self.protocol:
            return False
        if self.protocol in (packets.ICMP, packets.ICMPV6):
            return (packet.family == (4 if self.protocol == packets.ICMP else 6)
                    and within(self.types, packet.icmp_type)
                    and within(self.codes, packet.icmp_code))
        if self.protocol in packets.WITH_PORTS:
            return (within(self.ports, packet.destination_port)
                    and within(self.source_ports, packet.source_port))
        return True


class Flow:
    def __init__(self, name, allow, source, destination, terms):
        self.name, self.allow, self.terms = name, allow, terms
        self.source, self.destination = Set(source), Set(destination)

    def has(self, packet):
        return (self.source.has(packet.family, packet.source)
                and self.destination.has(packet.family, packet.destination)
                and any(term.has(packet) for term in self.terms))


class Policy:
    def __init__(self, path, as_of):
        self.path, self.as_of = path, as_of
        self.document = read_yaml(path)
        self.networks, self.services = {}, {}
        self._define(path, self.document)
        self.names = {}
        if os.path.exists(path + ".lock"):
            with open(path + ".lock", encoding="utf-8") as file:
                lock = json.load(file)
            for name, entry in lock["names"].items():
                self.names[name.lower()] = [item["address"] for item in entry["addresses"]]

    def _define(self, path, document):
        for included in as_list(document.get("include")):
            other = os.path.join(os.path.dirname(path), included)
            self._define(other, read_yaml(other))
        self.networks.update(document.get("networks") or {})
        self.services.update(document.get("services") or {})

    # ---- addresses

    def ranges(self, items):
        """What a list of networks, literals and names comes to."""
        found = []
        for item in as_list(items):
            found += self._ranges_of(str(item))
        return found

    def _ranges_of(self, text):
        if text == "any":
            return list(ALL)
        if text in self.networks:
            return self._network(self.networks[text])
        match = re.match(r"^([0-9a-fA-F.:]+)\s*-\s*([0-9a-fA-F.:]+)$", text)
        if match and re.search(r"[.:]", match.group(1)):
            first, last = (ipaddress.ip_address(part) for part in match.groups())
            return [(first.version, int(first), int(last))]
        if re.match(r"^[0-9a-fA-F]*[.:][0-9a-fA-F.:]*[0-9a-fA-F:](/\d+)?$", text) and (
                ":" in text or re.match(r"^[0-9./]+$", text)):
            prefix = ipaddress.ip_network(text)
            return [(prefix.version, int(prefix.network_address), int(prefix.broadcast_address))]
        return self._name(text.lower().rstrip("."))

    def _network(self, network):
        if not isinstance(network, dict):
            return self.ranges(network)
        found = self.ranges(network.get("members"))
        for taken in self.ranges(network.get("except")):
            found = without(found, taken)
        return found

    def _name(self, name):
        if name.startswith("*."):
            names = [known for known in self.names if known.endswith(name[1:])]
        else:
            names = [name]
        found = []
        for known in names:
            for address in self.names.get(known, []):
                parsed = ipaddress.ip_address(address)
                found.append((parsed.version, int(parsed), int(parsed)))
        return found

    # ---- services

    def terms(self, what):
        if isinstance(what, list):
            return [term for item in what for term in self.terms(item)]
        if isinstance(what, str):
            return [Term(None)] if what == "any" else self.terms(self.services[what])
        return [self._term(protocol, what) for protocol in as_list(what["protocol"])]

    def _term(self, protocol, what):
        if protocol == "any":
            return Term(None)
        number = PROTOCOLS.get(protocol)
        number = int(protocol) if number is None else number
        name = packets.NAMES.get(number, "")

        def port(text):
            return int(text) if text.isdigit() else socket.getservbyname(text, name)

        def icmp(text):
            return int(text) if text.isdigit() else ICMP_TYPES[number][text]

        def numbers(key, parse):
            if key not in what:
                return None
            found = []
            for item in as_list(what[key]):
                text = str(item)
                ends = text.split("-") if re.match(r"^\d+-\d+$", text) else [text, text]
                found.append((parse(ends[0]), parse(ends[1])))
            return found
        return Term(number, numbers("port", port), numbers("source-port", port),
                    numbers("icmp-type", icmp), numbers("icmp-code", icmp))

    # ---- flows

    def flow(self, entry):
        service = entry.get("service")
        terms = self.terms(service) if service is not None else self.terms(entry)
        return Flow(entry["name"], entry.get("action", "allow") == "allow",
                    self.ranges(entry["source"]), self.ranges(entry["destination"]), terms)

    def flows(self, select):
        for entry in self.document.get("flows") or []:
            if str(entry.get("expires", "9999-12-31")) < self.as_of:
                continue
            if _selected(entry, select):
                yield self.flow(entry)

    def targets(self):
        return list(self.document.get("targets") or {})


def _selected(entry, select):
    tags = as_list(select.get("tags"))
    if tags and not set(tags) & set(as_list(entry.get("tags"))):
        return False
    patterns = as_list(select.get("name"))
    return not patterns or any(
        re.search(pattern[1:-1], entry["name"]) is not None
        if len(pattern) > 1 and pattern[0] == pattern[-1] == "/" else pattern == entry["name"]
        for pattern in patterns)


class Target:
    """A policy at one place: which packets pass, seen at which hook."""

    def __init__(self, policy, name):
        settings = policy.document["targets"][name]
        self.policy, self.name, self.settings = policy, name, settings
        self.backend = settings["backend"]
        self.forward = settings.get("hook", "host") == "forward"
        self.direction = settings.get("direction", "both")
        self.baseline = settings.get("baseline", True)
        self.mid_stream = settings.get("mid-stream", False)
        self.protects = Set(policy.ranges(settings.get("protects",
                                                       policy.document.get("protects"))))
        self.flows = list(policy.flows(settings.get("select") or {}))

    def views(self):
        return ["forward"] if self.forward else ["egress", "ingress"]

    def enforced(self, view):
        return view == "forward" or self.direction in ("both", view)

    def allowed(self, packet):
        """By the flows alone: the union of the allows less the union of the denies."""
        speaking = [flow for flow in self.flows if flow.has(packet)]
        return bool(speaking) and all(flow.allow for flow in speaking)

    def here(self, view, packet):
        """Do the protected machines stand where this view looks?"""
        source = self.protects.has(packet.family, packet.source)
        destination = self.protects.has(packet.family, packet.destination)
        return {"egress": source, "ingress": destination, "forward": source or destination}[view]

    def opens(self, packet):
        """Can it be the first packet of a connection? Of TCP, only a SYN (RFC 9293, 3.5)."""
        if packet.protocol != packets.TCP or self.mid_stream:
            return True
        mask = packets.FIN | packets.SYN | packets.RST | packets.ACK
        return packet.flags & mask == packets.SYN

    def by_baseline(self, view, packet):
        if not self.baseline:
            return False
        if packet.protocol == packets.ICMP and packet.family == 4:
            return (packet.icmp_type, packet.icmp_code) == (3, 4)
        if packet.protocol != packets.ICMPV6 or packet.family != 6:
            return False
        if packet.icmp_type == 2:
            return True
        if view == "forward":  # neighbours are found on a link, and a router stays out of it
            return False
        if packet.icmp_type in (133, 134, 135, 136):  # RFC 4861, 6.1 and 7.1
            return packet.hop_limit == 255
        # RFC 2710, 3 and RFC 3810, 5
        return packet.icmp_type in (130, 131, 132, 143) and packet.hop_limit == 1

    def passes(self, view, packet):
        if not self.enforced(view) or self.by_baseline(view, packet):
            return True
        return self.opens(packet) and self.here(view, packet) and self.allowed(packet)
