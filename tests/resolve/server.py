#!/usr/bin/env python3
"""A DNS server on loopback that answers from a JSON zone, and misbehaves where the zone says so.

usage: server.py ZONE [COUNTER]

Prints its port, which is the same for UDP and TCP, and serves until it is ended. The zone is read
again when it changes. COUNTER is a file to which a line is added for each question.

A zone is {"NAME": {KEY: VALUE}}:
    A, AAAA      a list of addresses; a name that has neither, nor CNAME, has none
    CNAME        the name that it is an alias of; the chain is followed in the reply
    ttl          seconds (300)
    rcode        SERVFAIL, REFUSED, FORMERR, NOTIMP, NXDOMAIN (as for a name that is not there)
    rcode6       the same for AAAA alone
    do           silent        no reply at all
                 truncate      over UDP, cut off and nothing in it
                 cut           the same over TCP, too
                 stop          over UDP truncated, over TCP the connection is closed
                 garbage       bytes behind a good header
                 short         a reply that ends within a record
                 beside        an address of another name first, then its own
                 twice         silent at the first question of each kind, then good
                 once-failed   SERVFAIL at the first question of each kind, then good
                 pointer       a name that is a pointer to itself
"""

import json
import os
import socket
import struct
import sys
import threading

RCODES = {"FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
A, CNAME, AAAA, OPT, INTERNET = 1, 5, 28, 41, 1


def encode(name):
    out = b""
    for label in name.rstrip(".").split("."):
        out += bytes([len(label)]) + label.encode("ascii")
    return out + b"\0"


def record(name, kind, ttl, data):
    return encode(name) + struct.pack(">HHIH", kind, INTERNET, ttl, len(data)) + data


class Zone:
    def __init__(self, path):
        self.path, self.read_at, self.names = path, None, {}
        self.asked = set()

    def get(self, name):
        changed = os.stat(self.path).st_mtime_ns
        if changed != self.read_at:
            with open(self.path, encoding="utf-8") as file:
                self.names = json.load(file)
            self.read_at = changed
        return self.names.get(name)

    def first_time(self, name, kind):
        first = (name, kind) not in self.asked
        self.asked.add((name, kind))
        return first


def addresses(entry, name, kind):
    family, key = (socket.AF_INET, "A") if kind == A else (socket.AF_INET6, "AAAA")
    ttl = entry.get("ttl", 300)
    return [record(name, kind, ttl, socket.inet_pton(family, a)) for a in entry.get(key, [])]


def answers(zone, name, kind):
    """The records for a name, aliases first, and whether the name is there."""
    found, seen = [], 0
    entry = zone.get(name)
    while entry is not None and "CNAME" in entry and seen < 40:
        found.append(record(name, CNAME, entry.get("ttl", 300), encode(entry["CNAME"])))
        name, seen = entry["CNAME"], seen + 1
        entry = zone.get(name)
    if entry is None:
        return found, False
    if kind in (A, AAAA):
        found += addresses(entry, name, kind)
    return found, True


def reply_to(zone, query, tcp):
    identity, flags, questions = struct.unpack(">HHH", query[:6])
    if questions != 1:
        return None
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", "replace").lower())
        at += 1 + query[at]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    question, name = query[12:at + 5], ".".join(labels)
    entry = zone.get(name) or {}
    do = entry.get("do", "")
    found, there = answers(zone, name, kind)
    rcode = 0 if there else RCODES["NXDOMAIN"]
    rcode = RCODES.get(entry.get("rcode", ""), rcode)
    if kind == AAAA:
        rcode = RCODES.get(entry.get("rcode6", ""), rcode)
    truncated = do == "cut" or (not tcp and do in ("truncate", "stop"))
    if do == "silent" or (do == "twice" and zone.first_time(name, kind)):
        return None
    if do == "once-failed" and zone.first_time(name, kind):
        rcode = RCODES["SERVFAIL"]
    if do == "stop" and tcp:
        return b""
    if do == "beside":
        found.insert(0, record("other.example", A, 300, socket.inet_aton("192.0.2.250")))
    if truncated or rcode:
        found = []
    body = b"".join(found)
    if do == "garbage":
        body, found = b"\xff" * 40, [b""] * 3
    if do == "short":
        body = body[:-3]
    if do == "pointer":
        body, found = b"\xc0" + bytes([12 + len(question)]) + b"\0" * 14, [b""]
    flags = 0x8180 | (0x0200 if truncated else 0) | rcode
    head = struct.pack(">HHHHHH", identity, flags, 1, len(found), 0, 0)
    message = head + question + body
    if not tcp and len(message) > 1232: # what the client says that it takes
        message = struct.pack(">HHHHHH", identity, flags | 0x0200, 1, 0, 0, 0) + question
    return message


def count(counter, query, how):
    if counter is None:
        return
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    counter.write(f"{how} {kind} {'.'.join(labels)}\n")
    counter.flush()


def serve_tcp(listener, zone, counter):
    def serve(connection):
        with connection:
            while True:
                size = connection.recv(2, socket.MSG_WAITALL)
                if len(size) < 2:
                    return
                query = connection.recv(struct.unpack(">H", size)[0], socket.MSG_WAITALL)
                count(counter, query, "tcp")
                reply = reply_to(zone, query, True)
                if not reply:
                    return
                connection.sendall(struct.pack(">H", len(reply)) + reply)

    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def main():
    zone = Zone(sys.argv[1])
    counter = open(sys.argv[2], "a", encoding="utf-8") if len(sys.argv) > 2 else None
    for _ in range(20):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.bind(udp.getsockname())
            break
        except OSError:
            udp.close()
            listener.close()
    listener.listen(64)
    print(udp.getsockname()[1], flush=True)
    threading.Thread(target=serve_tcp, args=(listener, zone, counter), daemon=True).start()
    while True:
        query, sender = udp.recvfrom(4096)
        count(counter, query, "udp")
        reply = reply_to(zone, query, False)
        if reply:
            udp.sendto(reply, sender)


if __name__ == "__main__":
    main()
