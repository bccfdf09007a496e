"""Which packets to send: every edge of every flow, one step to either side, and some at random."""
import ipaddress
import random

import packets
from packets import ACK, CWR, ECE, FIN, ICMP, ICMPV6, PSH, RST, SYN, TCP, UDP, URG, Packet

# What the machine would not send or take for reasons of its own, so that no rule can be tested.
SPECIAL = [ipaddress.ip_network(text) for text in (
    "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3",
    "::/8", "fe80::/10", "ff00::/8")]
UNROUTED = [(net.version, int(net.network_address), int(net.broadcast_address)) for net in SPECIAL]
NOT_OPENING = (SYN | ACK, ACK, RST, RST | ACK, FIN, FIN | ACK, 0, SYN | FIN, SYN | RST,
               FIN | PSH | URG)
FIRST_OWN_PORT, OWN_PORTS = 20000, 40000


def routed(family, address):
    return not any(f == family and first <= address <= last for f, first, last in UNROUTED)


class Service:
    """One concrete choice of what a service limits; a source port of None is the prober's own."""

    def __init__(self, protocol, port=0, source_port=None, icmp_type=0, icmp_code=0):
        self.protocol, self.port, self.source_port = protocol, port, source_port
        self.icmp_type, self.icmp_code = icmp_type, icmp_code


def around(ranges, highest):
    """The ends of ranges and their neighbours, and the ends of all."""
    found = {0, highest}
    for first, last in ranges:
        found.update((first - 1, first, last, last + 1))
    return sorted(value for value in found if 0 <= value <= highest)


class Prober:
    def __init__(self, target, view, seed, cap):
        self.target, self.view, self.cap = target, view, cap
        self.random = random.Random(seed)
        self.next_port = 0
        self.edges, self.crosses = [], []

    # ---- parts

    def own_port(self):
        self.next_port += 1
        return FIRST_OWN_PORT + self.next_port % OWN_PORTS

    def inside(self, ranges, family, count=1):
        """Random addresses within; the list may be shorter than asked for."""
        mine = [(first, last) for f, first, last in ranges if f == family]
        found = []
        for _ in range(count * 8):
            if not mine or len(found) == count:
                break
            first, last = self.random.choice(mine)
            address = self.random.randint(first, last)
            if routed(family, address):
                found.append(address)
        return found

    def points(self, ranges, family, most=24):
        """First, last, the one before and the one behind of every range."""
        found = set()
        top = 2**32 - 1 if family == 4 else 2**128 - 1
        for f, first, last in ranges:
            if f == family:
                found.update((first - 1, first, last, last + 1))
        found = sorted(a for a in found if 0 <= a <= top and routed(family, a))
        if len(found) > most:
            found = sorted(self.random.sample(found, most))
        return found

    def base_service(self, term, family):
        """Something that the term holds, or None when it has nothing for the family."""
        if term.protocol in (ICMP, ICMPV6) and term.protocol != (ICMP if family == 4 else ICMPV6):
            return None

        def one(ranges, otherwise):
            return self.random.choice(self.random.choice(ranges)) if ranges else otherwise
        if term.protocol is None:
            return Service(TCP, self.random.randint(1, 65535))
        echo = 8 if family == 4 else 128
        return Service(term.protocol, one(term.ports, self.random.randint(1, 65535)),
                       one(term.source_ports, None), one(term.types, echo), one(term.codes, 0))

    def service_edges(self, term, family):
        echo = Service(ICMP if family == 4 else ICMPV6, icmp_type=8 if family == 4 else 128)
        # The other family's ICMP, which is nothing but a number here.
        alien = Service(ICMPV6 if family == 4 else ICMP, icmp_type=8 if family == 6 else 128)
        base = self.base_service(term, family)
        if base is None:
            return [echo, alien]
        found = [echo, alien, Service(packets.ESP)]
        if term.protocol is None:
            return found + [Service(TCP, 0), Service(TCP, 65535), Service(UDP, 53),
                            Service(packets.SCTP, 1), Service(packets.GRE), Service(89)]
        if term.protocol in packets.WITH_PORTS:
            found += [Service(p, base.port, base.source_port) for p in packets.WITH_PORTS]
            found += [Service(term.protocol, port, base.source_port)
                      for port in around(term.ports or [], 65535)]
            if term.source_ports:
                found += [Service(term.protocol, base.port, port)
                          for port in around(term.source_ports, 65535)]
        elif term.protocol in (ICMP, ICMPV6):
            found += [Service(term.protocol, icmp_type=t, icmp_code=base.icmp_code)
                      for t in around(term.types or [(3, 3), (8, 8), (11, 13)], 255)]
            found += [Service(term.protocol, icmp_type=base.icmp_type, icmp_code=c)
                      for c in around(term.codes or [], 255)]
        else:
            found += [base] + [Service(p) for p in (packets.GRE, 89, 112) if p != base.protocol]
        return found

    def packet(self, family, source, destination, service, flags=SYN):
        port = service.source_port
        return Packet(family, source, destination, service.protocol,
                      (self.own_port() if port is None else port)
                      if service.protocol in packets.WITH_PORTS else 0,
                      service.port if service.protocol in packets.WITH_PORTS else 0,
                      flags if service.protocol == TCP else SYN,
                      service.icmp_type, service.icmp_code, echo=self.own_port())

    # ---- flows

    def bases(self, flow, family, count):
        """Pairs of ends within the flow, at a protected machine where the view needs one."""
        source, destination = flow.source.ranges, flow.destination.ranges
        near = self.target.protects.ranges
        if self.view == "egress" or (self.view == "forward" and not overlap(near, destination)):
            source = overlap(source, near) or source
        if self.view == "ingress":
            destination = overlap(destination, near) or destination
        return list(zip(self.inside(source, family, count),
                        self.inside(destination, family, count)))

    def probe_flow(self, flow, family):
        pairs = self.bases(flow, family, 2)
        if not pairs:
            return
        source, destination = pairs[0]
        terms = flow.terms if len(flow.terms) <= 6 else self.random.sample(flow.terms, 6)
        sources = self.points(flow.source.ranges, family)
        destinations = self.points(flow.destination.ranges, family)
        variants = [edge for term in terms for edge in self.service_edges(term, family)]
        plain = [s for s in (self.base_service(term, family) for term in terms) if s]
        self.edges += [self.packet(family, source, destination, s) for s in variants + plain]
        if not plain:
            return
        for address in sources:
            self.edges.append(self.packet(family, address, destination, self.random.choice(plain)))
        for address in destinations:
            self.edges.append(self.packet(family, source, address, self.random.choice(plain)))
        for other_source, other_destination in pairs[1:]:
            self.edges += [self.packet(family, other_source, other_destination, s) for s in plain]
        for _ in range(8):
            self.crosses.append(self.packet(
                family, self.random.choice(sources + [source]),
                self.random.choice(destinations + [destination]),
                self.random.choice(variants + plain)))
        self.probe_state(family, source, destination, plain)

    def probe_deny(self, deny, family):
        """What another flow allows, at a deny's edges and within: only there does a deny show."""
        near = self.target.protects.ranges
        seen = 0
        for allow in self.random.sample(self.target.flows, len(self.target.flows)):
            sources = overlap(deny.source.ranges, allow.source.ranges)
            destinations = overlap(deny.destination.ranges, allow.destination.ranges)
            if self.view == "egress":
                sources = overlap(sources, near)
            if self.view == "ingress":
                destinations = overlap(destinations, near)
            inside = list(zip(self.inside(sources, family), self.inside(destinations, family)))
            services = [s for s in (self.base_service(term, family) for term in allow.terms) if s]
            if not allow.allow or not inside or not services:
                continue
            seen += 1
            if seen > 4:
                break
            source, destination = inside[0]
            for service in services[:6]:
                self.edges.append(self.packet(family, source, destination, service))
            service = self.random.choice(services)
            for address in self.points(sources, family, 4):
                self.edges.append(self.packet(family, address, destination, service))
            for address in self.points(destinations, family, 4):
                self.edges.append(self.packet(family, source, address, service))

    def probe_state(self, family, source, destination, services):
        """What must never open a connection, though its ends are those of an allowed one."""
        for service in services:
            if service.protocol == TCP:
                self.edges.append(self.packet(family, source, destination, service,
                                              SYN | ECE | CWR))
                for flags in NOT_OPENING:
                    self.edges.append(self.packet(family, source, destination, service, flags))
                for flags in (SYN | ACK, ACK, RST):
                    self.edges.append(self.turned(family, source, destination, service, flags))
            elif service.protocol == UDP:
                self.edges.append(self.turned(family, source, destination, service, SYN))
            elif service.protocol in (ICMP, ICMPV6) and service.icmp_type in (8, 128):
                reply = Service(service.protocol, icmp_type=0 if family == 4 else 129)
                self.edges.append(self.packet(family, destination, source, reply))

    def turned(self, family, source, destination, service, flags):
        port = self.own_port() if service.source_port is None else service.source_port
        return self.packet(family, destination, source,
                           Service(service.protocol, port, service.port), flags)

    # ---- all

    def probe_baseline(self):
        for family in (4, 6):
            near = self.inside(self.target.protects.ranges, family) or [
                self.inside([(4, 1 << 24, 223 << 24), (6, 2 << 124, (4 << 124) - 1)], family)[0]]
            far = self.inside([(4, 1 << 24, 223 << 24), (6, 2 << 124, (4 << 124) - 1)], family)[0]
            source, destination = (far, near[0]) if self.view == "ingress" else (near[0], far)
            protocol = ICMP if family == 4 else ICMPV6
            kinds = [(t, 0) for t in (0, 3, 4, 5, 8, 9, 10, 11, 12, 13, 17)] if family == 4 else [
                (t, 0) for t in (1, 2, 3, 4, 127, 128, 129, 137, 138, 139, 144, 151)]
            kinds += [(3, 3), (3, 4), (3, 5)] if family == 4 else [(2, 1), (1, 4)]
            if family == 6 and self.view != "forward":
                kinds += [(t, 0) for t in range(130, 137)] + [(143, 0)]
            for kind, code in kinds:
                self.edges.append(self.packet(family, source, destination,
                                              Service(protocol, icmp_type=kind, icmp_code=code)))
            if family == 6 and self.view != "forward":
                for kind, hop_limit in [(t, 254) for t in (133, 134, 135, 136)] + [
                        (t, 1) for t in (130, 131, 132, 143)]:
                    other = self.packet(6, source, destination, Service(ICMPV6, icmp_type=kind))
                    other.hop_limit = hop_limit
                    self.edges.append(other)

    def probe_crosses(self, count):
        """Ends of different flows with services of others: where flows overlap."""
        for family in (4, 6):
            sources = sorted({a for flow in self.target.flows
                              for a in self.points(flow.source.ranges, family, 8)
                              + self.inside(flow.source.ranges, family)})
            near = self.points(self.target.protects.ranges, family) + self.inside(
                self.target.protects.ranges, family, 4)
            destinations = sorted({a for flow in self.target.flows
                                   for a in self.points(flow.destination.ranges, family, 8)
                                   + self.inside(flow.destination.ranges, family)})
            services = [s for flow in self.target.flows for term in flow.terms[:4]
                        for s in [self.base_service(term, family)] if s]
            if not services or not sources + near or not destinations + near:
                continue
            for _ in range(count):
                ends = [self.random.choice(sources + near), self.random.choice(destinations + near)]
                if near and self.random.random() < 0.5:
                    ends[1 if self.view == "ingress" else 0] = self.random.choice(near)
                self.crosses.append(self.packet(family, ends[0], ends[1],
                                                self.random.choice(services)))

    def all(self):
        """The packets, no two alike, the edges first; at most the cap."""
        for flow in self.target.flows:
            for family in (4, 6):
                self.probe_flow(flow, family)
                if not flow.allow:
                    self.probe_deny(flow, family)
        if len(self.edges) > self.cap * 3 // 4:
            self.edges = self.random.sample(self.edges, self.cap * 3 // 4)
        self.probe_baseline()
        self.probe_crosses(self.cap // 4)
        found = {packet.key(): packet for packet in self.edges}
        self.random.shuffle(self.crosses)
        for packet in self.crosses:
            if len(found) >= self.cap:
                break
            found.setdefault(packet.key(), packet)
        return list(found.values())


def overlap(left, right):
    found = []
    for f, first, last in left:
        for g, low, high in right:
            if f == g and first <= high and low <= last:
                found.append((f, max(first, low), min(last, high)))
    return found


def batches(found):
    """Splits packets so that within a batch no two belong to one connection."""
    rest, done = list(found), []
    while rest:
        used, batch, later = set(), [], []
        for packet in rest:
            mine = packet.connections()
            if used.intersection(mine):
                later.append(packet)
            else:
                used.update(mine)
                batch.append(packet)
        done.append(batch)
        rest = later
    return done
