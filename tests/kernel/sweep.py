"""Sends probes over the roads of a world and compares what came through with the oracle."""
import packets
import probes
from packets import ACK, ICMP, ICMPV6, RST, SYN, TCP, UDP, Packet

BACK = {"out": "in", "in": "out", "over": "back", "back": "over"}
SHOWN = 10


class Result:
    def __init__(self):
        self.sent, self.wrong, self.shown, self.passed = 0, 0, [], 0

    def add(self, what, packet, expected, got):
        self.sent += 1
        self.passed += expected
        if expected == got:
            return
        self.wrong += 1
        if len(self.shown) < SHOWN:
            words = {True: "passes", False: "is dropped"}
            self.shown.append("%s: %s: by the policy it %s, but it %s" % (
                what, packet, words[expected], words[got]))


class Sweep:
    """The probes of one target, made once and sent through many rulesets."""

    def __init__(self, target, roles, seed, cap):
        self.target, self.roles, self.plan = target, roles, []
        self.talks = []
        for view in target.views():
            found = probes.Prober(target, view, "%s/%s" % (seed, view), cap).all()
            judged = [(packet, target.passes(view, packet)) for packet in found]
            self.plan.append((view, judged))
            self.talks.append((view, _openers(target, view, judged)))
        self.bytes = {}

    def protocols(self):
        found = {packet.protocol for _, judged in self.plan for packet, _ in judged}
        return sorted(found | {ICMP, TCP, UDP, ICMPV6})

    def _build(self, found):
        numbered = []
        for packet in found:
            known = self.bytes.get(id(packet))
            if known is None:
                number = len(self.bytes)
                known = (number, packet, packets.build(packet, packets.tag_of(number)))
                self.bytes[id(packet)] = known
            numbered.append(known)
        return numbered

    def _send(self, world, road, found):
        """The packets among found that came through, by id()."""
        numbered = self._build(found)
        seen = world.send(road, numbered)
        return {id(packet) for number, packet, _ in numbered if number in seen}

    def run(self, world, result, everything_passes=False):
        for view, judged in self.plan:
            expected = {id(packet): passes or everything_passes for packet, passes in judged}
            for batch in probes.batches([packet for packet, _ in judged]):
                world.tested.forget_connections()
                seen = self._send(world, self.roles[view], batch)
                for packet in batch:
                    result.add(view, packet, expected[id(packet)], id(packet) in seen)

    def talk(self, world, result):
        """Whole connections: the opening packet, its answer, what follows, errors that belong.

        What belongs to an allowed connection passes by its state, without the baseline too.
        """
        for view, openers in self.talks:
            world.tested.forget_connections()
            road = self.roles[view]
            steps = [(name, goes_back, [(opener, step(opener)) for opener in openers])
                     for name, goes_back, step in STEPS]
            for name, goes_back, pairs in steps:
                sent = [packet for _, packet in pairs if packet is not None]
                seen_by = self._send(world, BACK[road] if goes_back else road, sent)
                for packet in sent:
                    result.add("%s, %s" % (view, name), packet, True, id(packet) in seen_by)


def _openers(target, view, judged, count=12):
    """Packets that are allowed and begin a connection that can be answered."""
    found, used = [], set()
    for packet, passes in judged:
        answerable = (packet.protocol in (UDP, packets.SCTP)
                      or packet.protocol == TCP and packet.flags == SYN
                      or (packet.family, packet.protocol, packet.icmp_type) in (
                          (4, ICMP, 8), (6, ICMPV6, 128)))  # no state is kept of alien ICMP
        if not passes or not answerable or not target.allowed(packet):
            continue
        if used.intersection(packet.connections()):
            continue
        used.update(packet.connections())
        copy = Packet(*packet.key()[:6])
        copy.flags, copy.icmp_type, copy.echo = packet.flags, packet.icmp_type, packet.echo
        found.append(copy)
    step = max(1, len(found) // count)
    return found[::step][:count]


def _turned(packet, **more):
    turned = Packet(packet.family, packet.destination, packet.source, packet.protocol,
                    packet.destination_port, packet.source_port, echo=packet.echo)
    for name, value in more.items():
        setattr(turned, name, value)
    return turned


def _opening(packet):
    return packet


def _answer(packet):
    if packet.protocol == TCP:
        return _turned(packet, flags=SYN | ACK, sequence=5000, acknowledgement=1001 + 8)
    if packet.protocol == UDP:
        return _turned(packet)
    if packet.protocol == ICMP:
        return _turned(packet, icmp_type=0)
    if packet.protocol == ICMPV6:
        return _turned(packet, icmp_type=129)
    return None


def _confirmation(packet):
    if packet.protocol != TCP:
        return None
    again = Packet(*packet.key()[:6])
    again.flags, again.sequence, again.acknowledgement = ACK, 1009, 5001 + 8
    return again


def _error(packet):
    """Nobody listens there, says the other side: an error that quotes what was sent."""
    if packet.protocol != UDP:
        return None
    quoted = packets.build(packet, b"")
    if packet.family == 4:
        return _turned(packet, protocol=ICMP, icmp_type=3, icmp_code=3, quoted=quoted)
    return _turned(packet, protocol=ICMPV6, icmp_type=1, icmp_code=4, quoted=quoted)


def _reset(packet):
    if packet.protocol != TCP:
        return None
    return _turned(packet, flags=RST | ACK, sequence=5009, acknowledgement=1001 + 16)


STEPS = (("opening", False, _opening), ("answer", True, _answer),
         ("confirmation", False, _confirmation), ("error about it", True, _error),
         ("reset", True, _reset))
