"""Packets, byte by byte: knows headers and checksums, knows nothing of policies or firewalls.

Every packet ends in a tag of eight bytes, by which it is known again where it arrives.
"""
import struct

ICMP, IPIP, TCP, UDP, GRE, ESP, AH, ICMPV6, SCTP, UDPLITE = 1, 4, 6, 17, 47, 50, 51, 58, 132, 136
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128
NAMES = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 51: "ah", 58: "icmpv6", 132: "sctp"}
WITH_PORTS = (TCP, UDP, SCTP)
MAGIC = b"frk!"
ICMP_ERRORS = {ICMP: (3, 4, 5, 11, 12), ICMPV6: (1, 2, 3, 4)}


class Packet:
    """What a packet is, as far as a policy or a state table can tell packets apart."""

    __slots__ = ("family", "source", "destination", "protocol", "source_port", "destination_port",
                 "flags", "sequence", "acknowledgement", "icmp_type", "icmp_code", "echo",
                 "hop_limit", "quoted")

    def __init__(self, family, source, destination, protocol, source_port=0, destination_port=0,
                 flags=SYN, icmp_type=0, icmp_code=0, hop_limit=255, sequence=1000,
                 acknowledgement=0, echo=1, quoted=None):
        self.family, self.source, self.destination = family, source, destination
        self.protocol, self.hop_limit = protocol, hop_limit
        self.source_port, self.destination_port = source_port, destination_port
        self.flags, self.sequence, self.acknowledgement = flags, sequence, acknowledgement
        self.icmp_type, self.icmp_code, self.echo = icmp_type, icmp_code, echo
        self.quoted = quoted  # the bytes that an ICMP error speaks of

    def key(self):
        """All that makes it this packet: a packet is sent once."""
        return tuple(getattr(self, name) for name in self.__slots__)

    def connections(self):
        """The tuples, both ways, that a state table may keep of it; () where it keeps none."""
        if self.protocol in WITH_PORTS:
            there, back = (self.source_port, self.destination_port), (self.destination_port,
                                                                      self.source_port)
        elif self.protocol in (ICMP, ICMPV6):
            if self.icmp_type not in (0, 8, 13, 14, 15, 16, 17, 18, 128, 129, 139, 140):
                return ()
            there = back = (self.echo,)
        else:
            there = back = ()
        return ((self.family, self.protocol, self.source, self.destination, there),
                (self.family, self.protocol, self.destination, self.source, back))

    def __str__(self):
        def end(address, port):
            text = address_text(self.family, address)
            if self.protocol not in WITH_PORTS:
                return text
            return ("%s:%d" if self.family == 4 else "[%s]:%d") % (text, port)
        text = "%s %s -> %s" % (NAMES.get(self.protocol, "protocol %d" % self.protocol),
                                end(self.source, self.source_port),
                                end(self.destination, self.destination_port))
        if self.protocol == TCP:
            names = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
            text += " " + ("+".join(n for i, n in enumerate(names) if self.flags >> i & 1) or "null")
        if self.protocol in (ICMP, ICMPV6):
            text += " type %d code %d" % (self.icmp_type, self.icmp_code)
        if self.hop_limit != 255:
            text += " hop limit %d" % self.hop_limit
        return text


def address_text(family, address):
    import ipaddress
    return str(ipaddress.IPv4Address(address) if family == 4 else ipaddress.IPv6Address(address))


def address_bytes(family, address):
    return address.to_bytes(4 if family == 4 else 16, "big")


def checksum(data):
    """RFC 1071."""
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def _crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC32C = _crc32c_table()


def crc32c(data):
    """RFC 9260, appendix A: what SCTP sums with."""
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ CRC32C[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def _pseudo(packet, length):
    ends = (address_bytes(packet.family, packet.source)
            + address_bytes(packet.family, packet.destination))
    if packet.family == 4:
        return ends + struct.pack("!BBH", 0, packet.protocol, length)
    return ends + struct.pack("!II", length, packet.protocol)


def _summed(packet, head, tail, at):
    """head + tail with the checksum over pseudo header and all at offset at."""
    data = head + tail
    total = checksum(_pseudo(packet, len(data)) + data)
    if total == 0 and packet.protocol == UDP:
        total = 0xFFFF
    return data[:at] + struct.pack("!H", total) + data[at + 2:]


def _tcp(packet, tag):
    head = struct.pack("!HHIIBBHHH", packet.source_port, packet.destination_port, packet.sequence,
                       packet.acknowledgement, 5 << 4, packet.flags, 64000, 0, 0)
    return _summed(packet, head, tag, 16)


def _udp(packet, tag):
    head = struct.pack("!HHHH", packet.source_port, packet.destination_port, 8 + len(tag), 0)
    return _summed(packet, head, tag, 6)


def _sctp(packet, tag):
    # An INIT chunk with one parameter that a receiver skips (RFC 9260, 3.2.1): the tag.
    parameter = struct.pack("!HH", 0x8000 | 0x77, 4 + len(tag)) + tag
    chunk = struct.pack("!BBHIIHHI", 1, 0, 20 + len(parameter), 7, 65535, 1, 1, 7) + parameter
    head = struct.pack("!HHI", packet.source_port, packet.destination_port, 0)
    total = crc32c(head + struct.pack("<I", 0) + chunk)
    return head + struct.pack("<I", total) + chunk


def _quote(packet):
    """Something for an ICMP error to speak of: a datagram that nobody sent."""
    if packet.quoted is not None:
        return packet.quoted
    lost = Packet(packet.family, packet.destination, packet.source, UDP, 40000 + packet.echo % 20000,
                  33434)
    return build(lost, b"")


def _icmp(packet, tag):
    body = struct.pack("!HH", packet.echo, 1)
    if packet.icmp_type in ICMP_ERRORS[packet.protocol]:
        body = struct.pack("!HH", 0, 1280) + _quote(packet)
    elif packet.protocol == ICMPV6 and packet.icmp_type in (135, 136):
        body = bytes(4) + address_bytes(6, packet.source)
    elif packet.protocol == ICMPV6 and packet.icmp_type in (130, 131, 132):
        body = bytes(20)
    else:
        body += bytes(12)
    head = struct.pack("!BBH", packet.icmp_type, packet.icmp_code, 0)
    if packet.protocol == ICMPV6:
        return _summed(packet, head, body + tag, 2)
    return head[:2] + struct.pack("!H", checksum(head + body + tag)) + body + tag


def _plain(packet, tag):
    if packet.protocol == GRE:
        return struct.pack("!HH", 0, 0x88B5) + tag
    if packet.protocol == ESP:
        return struct.pack("!II", 0x1000, 1) + bytes(16) + tag
    if packet.protocol == AH:
        # RFC 4302: the length counts 32-bit words less two; a TCP SYN is what it protects.
        inner = _tcp(Packet(packet.family, packet.source, packet.destination, TCP, 1, 1), tag)
        return struct.pack("!BBHII", TCP, 4, 0, 0x1000, 1) + bytes(12) + inner
    if packet.protocol == IPIP:
        return build(Packet(4, 0x0A000001, 0x0A000002, UDP, 1, 1), b"") + tag
    return bytes(16) + tag


BUILDERS = {TCP: _tcp, UDP: _udp, SCTP: _sctp, ICMP: _icmp, ICMPV6: _icmp}


def tag_of(number):
    return MAGIC + struct.pack("!I", number)


def number_of(data):
    """The number in a packet's tag, or None."""
    if data[-8:-4] != MAGIC:
        return None
    return struct.unpack("!I", data[-4:])[0]


def build(packet, tag):
    """The packet as bytes from the IP header on; tag is its payload."""
    payload = BUILDERS.get(packet.protocol, _plain)(packet, tag)
    ends = (address_bytes(packet.family, packet.source)
            + address_bytes(packet.family, packet.destination))
    if packet.family == 6:
        return struct.pack("!IHBB", 6 << 28, len(payload), packet.protocol,
                           packet.hop_limit) + ends + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), packet.echo or 1, 0,
                       packet.hop_limit, packet.protocol, 0) + ends
    return head[:10] + struct.pack("!H", checksum(head)) + ends + payload
