"""A small world for probes to be run in: a network namespace with servers on it that answer, refuse,
stay silent or do not speak TLS, and names that /etc/hosts alone resolves. Knows no script."""

import os
import socket
import ssl
import struct
import subprocess
import threading

# All on the loopback interface of the namespace: what answers, and what has no server at all.
GOOD, SILENT, NEIGHBOUR = "192.0.2.10", "192.0.2.11", "192.0.2.12"
GOOD6 = "2001:db8::10"
HOSTS = f"""127.0.0.1 localhost
{GOOD} good.example.com wrong.example.com
{GOOD6} six.example.com
"""
FILTERED, REJECTED = 81, 82  # ports that nftables drops, or rejects as a router does


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def enter(scratch):
    """Sets up the namespace that this process is in already."""
    run("ip", "link", "set", "lo", "up")
    for address in (GOOD + "/32", SILENT + "/32", NEIGHBOUR + "/32"):
        run("ip", "address", "add", address, "dev", "lo")
    run("ip", "-6", "address", "add", GOOD6 + "/128", "dev", "lo", "nodad")
    rules = f"""table inet world {{
        chain in {{
            type filter hook input priority 0; policy accept;
            tcp dport {FILTERED} drop
            tcp dport {REJECTED} reject with icmpx type admin-prohibited
            ip daddr {SILENT} icmp type echo-request drop
        }}
    }}"""
    subprocess.run(["nft", "-f", "-"], input=rules.encode(), check=True)
    for name, text in (("hosts", HOSTS), ("nsswitch.conf", "hosts: files\n"), ("resolv.conf", "")):
        path = os.path.join(scratch, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        run("mount", "--bind", path, os.path.join("/etc", name))


def certificates(scratch):
    """A CA, a certificate of it for good.example.com, one that it did not sign."""
    def path(name):
        return os.path.join(scratch, name)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    for name, subject in (("ca", "/CN=Test CA"), ("self", "/CN=good.example.com")):
        run("openssl", "req", "-x509", *key, "-keyout", path(name + ".key"), "-out",
            path(name + ".pem"), "-subj", subject, "-addext", "subjectAltName=DNS:good.example.com")
    run("openssl", "req", "-x509", *key, "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-keyout",
        path("good.key"), "-out", path("good.pem"), "-subj", "/CN=good", "-addext",
        "subjectAltName=DNS:good.example.com", "-addext", "basicConstraints=critical,CA:FALSE")
    return path("ca.pem")


def serve(kind, address, port, answer):
    """Calls answer for each connection (or datagram) in a thread of its own."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    if kind == socket.SOCK_STREAM:
        s.listen(64)

    def loop():
        while True:
            if kind == socket.SOCK_STREAM:
                connection, _ = s.accept()
                threading.Thread(target=guarded, args=(answer, connection), daemon=True).start()
            else:
                data, sender = s.recvfrom(2048)
                reply = answer(data)
                if reply:
                    s.sendto(reply, sender)

    threading.Thread(target=loop, daemon=True).start()


def guarded(answer, connection):
    try:
        with connection:
            connection.settimeout(10)
            answer(connection)
    except OSError:
        pass  # a client that went away


def read_until_closed(connection):
    while connection.recv(512):
        pass


def tls(scratch, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(scratch, name + ".pem"), os.path.join(scratch, name + ".key"))

    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as s:
            if s.recv(4096):
                s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    return answer


def dns_reply(question, code=5):
    """REFUSED, with the question back: an answer like any other (RFC 1035, 4.1.1)."""
    return question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, 0, 0, 0) + question[12:]


def dns_connection(connection):
    size = struct.unpack("!H", connection.recv(2))[0]
    reply = dns_reply(connection.recv(size))
    connection.sendall(struct.pack("!H", len(reply)) + reply)
    read_until_closed(connection)


def ntp_reply(question):
    if len(question) != 48 or question[0] & 7 != 3:
        return None
    return bytes([0x24, 2]) + bytes(46)


def populate(scratch):
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    for address in (GOOD, GOOD6):
        serve(stream, address, 9200, read_until_closed)
        serve(stream, address, 443, tls(scratch, "good"))
        serve(stream, address, 53, dns_connection)
        serve(datagram, address, 53, dns_reply)
        serve(datagram, address, 123, ntp_reply)
    serve(stream, GOOD, 8443, tls(scratch, "self"))
    serve(stream, GOOD, 993, lambda connection: None)  # hangs up at once
    serve(stream, GOOD, 636, read_until_closed)  # connects, and says nothing
    for port in (FILTERED, REJECTED):
        serve(stream, GOOD, port, read_until_closed)
    serve(datagram, SILENT, 53, lambda question: None)
    serve(datagram, SILENT, 123, lambda question: b"no NTP at all")
