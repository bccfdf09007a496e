"""Two machines with real stacks: neighbours are resolved, sockets connect, loopback works."""
import os
import select
import shutil
import socket
import struct
import time

import packets
import policies
import world

POLICY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "live.yaml")
STRAY = "198.51.100.9"
HERE, THERE = ("192.0.2.1", "2001:db8:1::1"), ("192.0.2.2", "2001:db8:1::2")
# Seconds for what is expected to work, on however slow a machine, and to fail.
PATIENCE = {True: 120, False: 0.3}


class Pair(world.World):
    """Two machines on a wire, with addresses, and no neighbour known."""

    roles = {}

    def build(self):
        self.tested, self.peer = self.namespace(), self.namespace()
        self.wire(self.tested, "h0", 1, self.peer, "p0", 2)
        for namespace, name, (ipv4, ipv6) in ((self.tested, "h0", HERE), (self.peer, "p0", THERE)):
            namespace.ip("addr add %s/24 dev %s\n6 addr add %s/64 dev %s nodad" % (
                ipv4, name, ipv6, name))
        for namespace, name in ((self.tested, "h0"), (self.peer, "p0")):
            _wait_for_link(namespace, name)


def _wait_for_link(namespace, name):
    """A link takes a moment to come up, and has no routes until then."""
    end = time.monotonic() + PATIENCE[True]
    while time.monotonic() < end:
        if " state UP " in namespace.run(["ip", "-o", "link", "show", "dev", name]):
            return
        time.sleep(0.02)
    raise world.CommandError("the link %s does not come up" % name)


def _family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def tcp(client, server, address, port, wait, source=None):
    """Does a connection come about, and does a word get there and back?"""
    with server.entered():
        listener = socket.socket(_family(address), socket.SOCK_STREAM)
    with client.entered():
        caller = socket.socket(_family(address), socket.SOCK_STREAM)
    with listener, caller:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(1)
        listener.settimeout(wait)
        caller.settimeout(wait)
        if source:
            caller.bind((source, 0))
        try:
            caller.connect((address, port))
            taken, _ = listener.accept()
            with taken:
                taken.settimeout(wait)
                caller.sendall(b"there")
                taken.sendall(taken.recv(16) + b" and back")
                return caller.recv(32) == b"there and back"
        except (socket.timeout, OSError):
            return False


def udp(client, server, address, port, wait):
    with server.entered():
        listener = socket.socket(_family(address), socket.SOCK_DGRAM)
    with client.entered():
        caller = socket.socket(_family(address), socket.SOCK_DGRAM)
    with listener, caller:
        listener.bind((address, port))
        listener.settimeout(wait)
        caller.settimeout(wait)
        try:
            caller.sendto(b"there", (address, port))
            word, sender = listener.recvfrom(16)
            listener.sendto(word + b" and back", sender)
            return caller.recv(32) == b"there and back"
        except (socket.timeout, OSError):
            return False


def ping(client, _, address, __, wait):
    """An echo request, and its reply within the time."""
    family = _family(address)
    protocol = packets.ICMP if family == socket.AF_INET else packets.ICMPV6
    with client.entered():
        raw = socket.socket(family, socket.SOCK_RAW, protocol)
    kind = 8 if protocol == packets.ICMP else 128
    message = struct.pack("!BBHHH", kind, 0, 0, 4711, 1) + b"there and back"
    if protocol == packets.ICMP:  # the kernel sums ICMPv6 itself
        message = message[:2] + struct.pack("!H", packets.checksum(message)) + message[4:]
    with raw:
        try:
            raw.sendto(message, (address, 0))
        except OSError:
            return False
        deadline = time.monotonic() + wait
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([raw], [], [], left)[0]:
                return False
            answer = raw.recv(2048)
            if family == socket.AF_INET:
                answer = answer[(answer[0] & 15) * 4:]
            if answer[0] == (0 if kind == 8 else 129) and answer.endswith(b"there and back"):
                return True


def arrives(pair, source, port, wait):
    """Does a datagram with this source reach the tested machine?"""
    with pair.tested.entered():
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with pair.peer.entered():
        caller = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with listener, caller:
        listener.bind((HERE[0], port))
        listener.settimeout(wait)
        caller.bind((source, 0))
        caller.sendto(b"there", (HERE[0], port))
        try:
            return listener.recv(16) == b"there"
        except socket.timeout:
            return False


# What is tried, from the tested machine or to it, and whether live.yaml allows it.
TRIALS = (
    ("tcp 443 out", tcp, True, 443, True), ("tcp 444 out", tcp, True, 444, False),
    ("tcp 6443 in", tcp, False, 6443, True), ("tcp 22 in", tcp, False, 22, False),
    ("udp 53 out", udp, True, 53, True), ("udp 54 out", udp, True, 54, False),
    ("udp 514 in", udp, False, 514, True), ("udp 515 in", udp, False, 515, False),
    ("ping out", ping, True, 0, True), ("ping in", ping, False, 0, False),
)


def _try_all(report, label, pair):
    wrong = []
    for family in (0, 1):
        for what, trial, goes_out, port, expected in TRIALS:
            client, server = (pair.tested, pair.peer) if goes_out else (pair.peer, pair.tested)
            address = (THERE if goes_out else HERE)[family]
            if trial(client, server, address, port, PATIENCE[expected]) != expected:
                wrong.append("%s to %s: expected %s" % (what, address,
                                                        "to work" if expected else "to fail"))
        own = ("127.0.0.1", "::1")[family]
        for what, trial in (("tcp", tcp), ("udp", udp), ("ping", ping)):
            if not trial(pair.tested, pair.tested, own, 7777, PATIENCE[True]):
                wrong.append("loopback: %s to %s does not work" % (what, own))
        if not tcp(pair.tested, pair.tested, HERE[family], 7778, PATIENCE[True]):
            wrong.append("loopback: tcp to %s from itself does not work" % HERE[family])
    neighbours = pair.tested.run(["ip", "-6", "neigh", "show", "dev", "h0"])
    if THERE[1] not in neighbours or "lladdr" not in neighbours:
        wrong.append("no neighbour was resolved: " + neighbours)
    if wrong:
        report.fail(label, "%d trials" % len(wrong), wrong)
    else:
        report.ok(label, "%d trials" % (2 * len(TRIALS) + 8))


def _try_stray(report, label, pair, expected):
    """A source to which the routes of the tested machine lead by another interface."""
    pair.peer.ip("addr add %s/32 dev p0" % STRAY)
    pair.tested.ip("route add %s/32 dev lo" % STRAY)
    if arrives(pair, STRAY, 516, PATIENCE[expected]) == expected:
        report.ok(label)
    else:
        report.fail(label, "it %s" % ("does not arrive" if expected else "arrives"))


def run(report, options, folder):
    """Every spelling of live.yaml under two real stacks, and the trials' own worth without rules."""
    with Pair([]) as pair:
        failing = [what for what, trial, goes_out, port, _ in TRIALS if not trial(
            *((pair.tested, pair.peer, THERE[1], port, PATIENCE[True]) if goes_out
              else (pair.peer, pair.tested, HERE[1], port, PATIENCE[True])))]
        if failing:
            report.fail("live: without rules everything works", ", ".join(failing))
        else:
            report.ok("live: without rules everything works")
    path = shutil.copy(POLICY, folder)
    for target in ("host-nft", "host-ipt", "host-path"):
        for label, ruleset in policies.rulesets(report, options, folder, path, target, "new"):
            with Pair([]) as pair:
                ruleset.load(pair.tested)
                _try_all(report, label + ": real sockets and neighbours", pair)
                _try_stray(report, label + ": a source that is elsewhere", pair, target != "host-path")
