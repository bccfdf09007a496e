"""Network namespaces and the roads through them: knows sockets and routes, not policies.

The namespaces have no name: they live as long as this process holds them, and the kernel
removes them with all that is in them when it ends, however it ends.
"""
import contextlib
import ctypes
import os
import select
import socket
import struct
import subprocess
import threading
import time

import packets

CLONE_NEWNET = 0x40000000
IPV6_HDRINCL, SO_MARK, SO_RCVBUFFORCE = 36, 36, 33
ETH_IPV4, ETH_IPV6, ETH_SENTINEL = 0x0800, 0x86DD, 0x88B5
PROBE_MARK = 0x77
# Packets under way at once: a processor's queue holds 1000 (net.core.netdev_max_backlog), and
# other jobs use it too.
PACE = 128
LIBC = ctypes.CDLL(None, use_errno=True)

# What the machine under test says of its own accord (resets, ICMP errors) would disturb the state
# of the connections that the probes stand for; it never leaves. A probe carries the mark.
QUIET = """
table inet kernel_test_quiet {
    chain output {
        type filter hook output priority -400; policy accept;
        meta mark != 0x77 drop
    }
}
"""

SYSCTLS = {
    "net/ipv4/conf/all/rp_filter": "0", "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv4/conf/all/accept_redirects": "0", "net/ipv4/conf/default/accept_redirects": "0",
    "net/ipv4/conf/all/send_redirects": "0", "net/ipv4/conf/default/send_redirects": "0",
    "net/ipv6/conf/all/accept_redirects": "0", "net/ipv6/conf/default/accept_redirects": "0",
    "net/ipv6/conf/all/accept_ra": "0", "net/ipv6/conf/default/accept_ra": "0",
    "net/ipv6/conf/all/autoconf": "0", "net/ipv6/conf/default/autoconf": "0",
    "net/ipv6/conf/all/accept_dad": "0", "net/ipv6/conf/default/accept_dad": "0",
}


class CommandError(Exception):
    pass


def _switch(descriptor):
    if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Namespace:
    def __init__(self):
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            if LIBC.unshare(CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "unshare")
            self.descriptor = os.open("/proc/self/ns/net", os.O_RDONLY)
            _switch(home)
        finally:
            os.close(home)
        self.path = "/proc/%d/fd/%d" % (os.getpid(), self.descriptor)

    def close(self):
        os.close(self.descriptor)

    @contextlib.contextmanager
    def entered(self):
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        _switch(self.descriptor)
        try:
            yield
        finally:
            _switch(home)
            os.close(home)

    def run(self, command, text=None, environment=None, folder=None, check=True):
        """Runs a command inside; its standard output. CommandError with its messages on failure."""
        with self.entered():
            done = subprocess.run(command, input=text, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, universal_newlines=True, cwd=folder,
                                  env=environment)
        if check and done.returncode != 0:
            raise CommandError("%s: status %d: %s" % (" ".join(command), done.returncode,
                                                      " | ".join(done.stderr.split("\n")[:4])))
        return done.stdout

    def ip(self, commands):
        """Runs lines of ip(8); those that begin with "6 " are for IPv6."""
        lines = commands.strip().split("\n")
        for option, chosen in (("-4", [line for line in lines if not line.startswith("6 ")]),
                               ("-6", [line[2:] for line in lines if line.startswith("6 ")])):
            if chosen:
                self.run(["ip", option, "-batch", "-"], "\n".join(chosen) + "\n")

    def set_sysctls(self, values):
        with self.entered():
            for name, value in values.items():
                with open("/proc/sys/" + name, "w") as file:
                    file.write(value)

    def socket(self, family, kind, protocol):
        with self.entered():
            made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        made.setblocking(False)
        return made

    def forget_connections(self):
        """Empties the table of connections: ctnetlink's delete without a filter."""
        with self.entered():
            netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        message = struct.pack("=IHHIIBBH", 20, (1 << 8) | 2, 5, 1, 0, 0, 0, 0)
        with netlink:
            netlink.settimeout(5)
            netlink.send(message)
            answer = netlink.recv(4096)
        error = struct.unpack_from("=i", answer, 16)[0]
        if error:
            raise OSError(-error, "deleting conntrack entries")


class Tap:
    """What comes in at an interface: all tagged packets."""

    def __init__(self, namespace, interface):
        self.sockets = []
        for ether_type in (ETH_IPV4, ETH_IPV6):
            tap = namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
            tap.bind((interface, ether_type))
            self.sockets.append(tap)

    def close(self):
        for tap in self.sockets:
            tap.close()


class Delivered:
    """What the machine itself was given to read, past its INPUT hook."""

    def __init__(self, namespace, protocols):
        self.sockets = []
        for protocol in protocols:
            for family in (socket.AF_INET, socket.AF_INET6):
                self.sockets.append(namespace.socket(family, socket.SOCK_RAW, protocol))

    def close(self):
        for raw in self.sockets:
            raw.close()


class Injected:
    """Puts packets on a wire, as its neighbour would."""

    def __init__(self, namespace, interface, neighbour):
        self.socket = namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.interface, self.neighbour = interface, neighbour

    def send(self, packet, data):
        ether_type = ETH_IPV4 if packet.family == 4 else ETH_IPV6
        self.socket.sendto(data, (self.interface, ether_type, 0, 0, self.neighbour))

    def close(self):
        self.socket.close()


class Sent:
    """Sends packets as the machine's own, through its OUTPUT hook, from any source address."""

    def __init__(self, namespace):
        self.ipv4 = namespace.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.ipv6 = namespace.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.ipv6.setsockopt(41, IPV6_HDRINCL, 1)
        for raw in (self.ipv4, self.ipv6):
            raw.setsockopt(socket.SOL_SOCKET, SO_MARK, PROBE_MARK)

    def send(self, packet, data):
        destination = packets.address_text(packet.family, packet.destination)
        try:
            if packet.family == 4:
                self.ipv4.sendto(data, (destination, 0))
            else:
                self.ipv6.sendto(data, (destination, 0, 0, 0))
        except PermissionError:
            pass  # the hook dropped it; where it did not arrive is what counts

    def close(self):
        self.ipv4.close()
        self.ipv6.close()


class Road:
    """A way in, a way out, and the wires between, on each of which a sentinel can run behind."""

    def __init__(self, way_in, way_out, wires):
        self.way_in, self.way_out, self.wires = way_in, way_out, wires
        self.seen = set()

    def _drain(self):
        for source in self.way_out.sockets:
            while True:
                try:
                    number = packets.number_of(source.recv(4096))
                except BlockingIOError:
                    break
                if number is not None:
                    self.seen.add(number)

    def travel(self, numbered):
        """Sends (number, packet, bytes); returns the numbers of those that came through."""
        self.seen = set()
        for start in range(0, len(numbered), PACE):
            for _, packet, data in numbered[start:start + PACE]:
                self.way_in.send(packet, data)
            # A wire keeps the order while the process stays on one processor
            # (kernel.prepare_worker): when the sentinel is there, so is all that was sent before.
            for wire in self.wires:
                wire.sentinel()
            self._drain()
        return self.seen


class Wire:
    """A veth pair, with sockets for the sentinels."""

    def __init__(self, start, start_name, end, end_name):
        self.sender = start.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.receiver = end.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.receiver.bind((end_name, ETH_SENTINEL))
        self.start_name, self.count = start_name, 0

    def wait_until_up(self):
        """A link that was just set up may swallow what is sent for a while, without a word."""
        if not any(self._cross(0.05) for _ in range(400)):
            raise CommandError("a link between namespaces does not come up")

    def sentinel(self):
        if not self._cross(20):
            raise CommandError("a sentinel was lost between namespaces")

    def _cross(self, seconds):
        """Sends a number and waits for it at the other end."""
        self.count += 1
        data = struct.pack("!I", self.count)
        self.sender.sendto(data, (self.start_name, ETH_SENTINEL, 0, 0, b"\xff" * 6))
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            select.select([self.receiver], [], [], left)
            try:
                if self.receiver.recv(64)[:4] == data:
                    return True
            except BlockingIOError:
                pass

    def close(self):
        self.sender.close()
        self.receiver.close()


def _mac(number):
    return "02:00:00:00:00:%02x" % number, bytes((2, 0, 0, 0, 0, number))


def _close_all(things):
    for thing in things:
        thing.close()


class World:
    """Namespaces joined by veth pairs; roads are named "out", "in" (host), "over", "back" (router)."""

    def __init__(self, protocols):
        self.protocols, self.namespaces, self.things, self.roads = protocols, [], [], {}
        try:
            self.build()
            for road in self.roads.values():
                for wire in road.wires:
                    wire.wait_until_up()
        except BaseException:
            self.close()
            raise

    def namespace(self):
        made = Namespace()
        self.namespaces.append(made)
        made.set_sysctls(SYSCTLS)
        return made

    def keep(self, thing):
        self.things.append(thing)
        return thing

    def wire(self, start, start_name, start_number, end, end_name, end_number):
        start.run(["ip", "link", "add", start_name, "address", _mac(start_number)[0], "type", "veth",
                   "peer", "name", end_name, "address", _mac(end_number)[0], "netns", end.path])
        for namespace, name in ((start, start_name), (end, end_name)):
            namespace.ip("link set lo up\nlink set %s up" % name)

    def close(self):
        """Closes everything; behind our back, since the kernel takes its time for each socket."""
        threading.Thread(target=_close_all, args=(self.things + self.namespaces,)).start()
        self.things, self.namespaces = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, road, numbered):
        return self.roads[road].travel(numbered)


def _default_routes(namespace, interface, number, neighbour, table):
    namespace.ip((
        "neigh replace 169.254.77.%(n)d lladdr %(m)s nud permanent dev %(i)s\n"
        "route add default via 169.254.77.%(n)d dev %(i)s onlink table %(t)s\n"
        "6 neigh replace fe80::%(n)d lladdr %(m)s nud permanent dev %(i)s\n"
        "6 route add default via fe80::%(n)d dev %(i)s onlink table %(t)s\n")
        % {"n": neighbour, "m": _mac(neighbour)[0], "i": interface, "t": table})


class HostWorld(World):
    """A machine that owns every address, and a peer that is all the world to it."""

    roles = {"egress": "out", "ingress": "in"}

    def build(self):
        self.tested, peer = self.namespace(), self.namespace()
        self.wire(self.tested, "h0", 1, peer, "p0", 2)
        self.tested.run(["ip", "addr", "add", "169.254.77.1/32", "dev", "h0"])
        _default_routes(self.tested, "h0", 1, 2, "main")
        self.tested.ip((
            "rule add pref 10 iif h0 lookup 100\nroute add local 0.0.0.0/0 dev lo table 100\n"
            "6 rule add pref 10 iif h0 lookup 100\n6 route add local ::/0 dev lo table 100\n"))
        self.tested.run(["nft", "-f", "-"], QUIET)
        self.roads["out"] = Road(self.keep(Sent(self.tested)), self.keep(Tap(peer, "p0")),
                                 [self.keep(Wire(self.tested, "h0", peer, "p0"))])
        self.roads["in"] = Road(self.keep(Injected(peer, "p0", _mac(1)[1])),
                                self.keep(Delivered(self.tested, self.protocols)),
                                [self.keep(Wire(peer, "p0", self.tested, "h0"))])


class RouterWorld(World):
    """A router between two machines that claim any address."""

    roles = {"forward": "over"}

    def build(self):
        left, self.tested, right = self.namespace(), self.namespace(), self.namespace()
        self.wire(left, "l0", 3, self.tested, "r0", 4)
        self.wire(self.tested, "r1", 5, right, "t0", 6)
        self.tested.set_sysctls({"net/ipv4/conf/all/forwarding": "1",
                                 "net/ipv6/conf/all/forwarding": "1"})
        self.tested.run(["ip", "addr", "add", "169.254.77.4/32", "dev", "r0"])
        self.tested.run(["ip", "addr", "add", "169.254.77.5/32", "dev", "r1"])
        _default_routes(self.tested, "r1", 5, 6, "main")
        _default_routes(self.tested, "r0", 4, 3, "101")
        self.tested.ip((
            "rule add pref 10 iif r1 lookup 101\n6 rule add pref 10 iif r1 lookup 101\n"))
        self.tested.run(["nft", "-f", "-"], QUIET)
        self.roads["over"] = Road(self.keep(Injected(left, "l0", _mac(4)[1])),
                                  self.keep(Tap(right, "t0")),
                                  [self.keep(Wire(left, "l0", self.tested, "r0")),
                                   self.keep(Wire(self.tested, "r1", right, "t0"))])
        self.roads["back"] = Road(self.keep(Injected(right, "t0", _mac(5)[1])),
                                  self.keep(Tap(left, "l0")),
                                  [self.keep(Wire(right, "t0", self.tested, "r1")),
                                   self.keep(Wire(self.tested, "r0", left, "l0"))])
