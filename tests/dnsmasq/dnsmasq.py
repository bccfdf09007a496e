"""Rules that follow DNS: a client asks, dnsmasq fills the sets, and only then its packets pass.

Three machines in a row, client, node and net, each a network namespace. The rules and their dnsmasq
are the node's; net serves the zones and answers at every address. Nothing leaves the namespaces.
"""
import concurrent.futures
import multiprocessing
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "kernel"))

import kernel
import live
import policies
import readback
import rulesets
import world

POLICY = os.path.join(HERE, "dnsmasq.yaml")
PATIENCE = 300  # seconds for what must come about, on however slow a machine
A, AAAA, NXDOMAIN = 1, 28, 3
ZONES = """no-resolv
no-hosts
bind-interfaces
listen-address=10.77.0.2
local=/test/
local-ttl=1
host-record=hub.test,192.0.2.1,2001:db8:1::1
host-record=www.hub.test,192.0.2.2
host-record=deep.er.hub.test,192.0.2.3
host-record=one.test,192.0.2.4
host-record=more.one.test,192.0.2.5
cname=alias.test,at.cdn.test
host-record=at.cdn.test,192.0.2.6
host-record=below.test,192.0.2.7
host-record=is.below.test,192.0.2.8
host-record=other.test,192.0.2.9
"""
OWN = """no-resolv
no-hosts
bind-interfaces
listen-address=127.0.0.1,10.77.1.1
server=10.77.0.2
conf-file=%s
"""


class Lab(world.World):
    """Client, node and net; what net serves is at every address of 192.0.2.0/24."""

    def build(self):
        self.client, self.node, self.net = self.namespace(), self.namespace(), self.namespace()
        self.processes = []
        self.wire(self.node, "n0", 1, self.net, "p0", 2)
        self.wire(self.node, "n1", 3, self.client, "c0", 4)
        for namespace, name, ipv4, ipv6 in (
                (self.node, "n0", "10.77.0.1", "2001:db8:77::1"),
                (self.net, "p0", "10.77.0.2", "2001:db8:77::2"),
                (self.node, "n1", "10.77.1.1", "2001:db8:78::1"),
                (self.client, "c0", "10.77.1.2", "2001:db8:78::2")):
            namespace.ip("addr add %s/24 dev %s\n6 addr add %s/64 dev %s nodad" % (
                ipv4, name, ipv6, name))
        for namespace, name in ((self.node, "n0"), (self.net, "p0"), (self.node, "n1"),
                                (self.client, "c0")):
            live._wait_for_link(namespace, name)
        self.node.ip("route add default via 10.77.0.2\n6 route add default via 2001:db8:77::2")
        self.client.ip("route add default via 10.77.1.1\n6 route add default via 2001:db8:78::1")
        self.net.ip("route add default via 10.77.0.1\nroute add local 192.0.2.0/24 dev lo\n"
                    "6 route add default via 2001:db8:77::1\n"
                    "6 route add local 2001:db8:1::/64 dev lo")
        self.node.set_sysctls({"net/ipv4/conf/all/forwarding": "1",
                               "net/ipv6/conf/all/forwarding": "1"})
        self.net.set_sysctls({"net/ipv4/ip_nonlocal_bind": "1", "net/ipv6/ip_nonlocal_bind": "1"})

    def start(self, namespace, folder, name, text):
        path = os.path.join(folder, name + ".conf")
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o644)
        with namespace.entered():
            self.processes.append(subprocess.Popen(
                ["dnsmasq", "-k", "-C", path, "--pid-file=", "--log-facility=" +
                 os.path.join(folder, name + ".log")]))

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
        super().close()


def ask(client, server, name, kind, wait):
    """(response code, addresses) of a name, as a stub resolver of the client sees it."""
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    message = struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + question + struct.pack("!B2H", 0, kind, 1)
    with client.entered():
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with asker:
        asker.settimeout(wait)
        asker.sendto(message, (server, 53))
        answer = asker.recv(4096)
    family, size = (socket.AF_INET, 4) if kind == A else (socket.AF_INET6, 16)
    count, at, found = struct.unpack_from("!H", answer, 6)[0], len(message), []
    for _ in range(count):
        while answer[at] and answer[at] < 0xC0:  # labels, up to an end or a pointer
            at += 1 + answer[at]
        at += 2 if answer[at] else 1
        record, length = struct.unpack_from("!H6xH", answer, at)
        if record == kind and length == size:
            found.append(socket.inet_ntop(family, answer[at + 10:at + 10 + length]))
        at += 10 + length
    return answer[3] & 15, found


class Trial:
    """One ruleset in force, and whoever its rules are for."""

    def __init__(self, report, label, lab, routed):
        self.report, self.label, self.lab = report, label, lab
        self.client = lab.client if routed else lab.node
        self.server = "10.77.1.1" if routed else "127.0.0.1"

    def ask(self, name, kind=A, wait=PATIENCE):
        return ask(self.client, self.server, name, kind, wait)

    def passes(self, address, port=443, expected=True):
        return live.tcp(self.client, self.lab.net, address, port, live.PATIENCE[expected])

    def check(self, what, facts):
        """facts: (what is expected to be true, is it?)."""
        wrong = [words for words, true in facts if not true]
        if wrong:
            self.report.fail("%s: %s" % (self.label, what), "not so: " + "; ".join(wrong))
        else:
            self.report.ok("%s: %s" % (self.label, what))

    def passed_and_not(self, good, bad):
        return ([("%s:%d passes" % end, self.passes(*end)) for end in good] +
                [("%s:%d does not pass" % end, not self.passes(*end, expected=False))
                 for end in bad])

    def wait_for_servers(self):
        def answers():
            try:
                return self.ask("other.test", wait=1) == (0, ["192.0.2.9"])
            except OSError:
                return False
        if not comes_true(answers):
            raise world.CommandError("dnsmasq does not answer")


def comes_true(try_it):
    """Tries again and again, until it is so or there is no hope."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if try_it():
            return True
        time.sleep(0.05)
    return False


def what_was_asked_for_passes(t):
    t.check("nothing passes before it is asked for", t.passed_and_not(
        [("192.0.2.50", 8443)], [("192.0.2.1", 443), ("2001:db8:1::1", 443), ("192.0.2.4", 443)]))
    answers = [("hub.test has its address", t.ask("hub.test") == (0, ["192.0.2.1"]))]
    t.check("a name passes once it was asked for, in its family and at its port alone",
            answers + t.passed_and_not([("192.0.2.1", 443)],
                                       [("192.0.2.1", 8443), ("2001:db8:1::1", 443)]))
    t.check("among many sources likewise",
            t.passed_and_not([("192.0.2.1", 450)], [("192.0.2.1", 451), ("192.0.2.4", 450)]))
    answers = [("hub.test has an IPv6 address", t.ask("hub.test", AAAA) == (0, ["2001:db8:1::1"])),
               ("a name below has one", t.ask("deep.er.hub.test") == (0, ["192.0.2.3"])),
               ("a CNAME is followed", t.ask("alias.test") == (0, ["192.0.2.6"]))]
    t.check("so do the other family, names below a wildcard, and aliases", answers + t.passed_and_not(
        [("2001:db8:1::1", 443), ("192.0.2.3", 443), ("192.0.2.6", 443)], [("192.0.2.6", 444)]))


def what_was_not_meant_does_not(t):
    answers = [("other.test has an address", t.ask("other.test") == (0, ["192.0.2.9"]))]
    t.check("an address of a name that no flow has does not pass",
            answers + t.passed_and_not([], [("192.0.2.9", 443)]))
    answers = [("one.test has an address", t.ask("one.test") == (0, ["192.0.2.4"])),
               ("is.below.test has one", t.ask("is.below.test") == (0, ["192.0.2.8"])),
               ("more.one.test is shut", t.ask("more.one.test") == (NXDOMAIN, [])),
               ("below.test is shut", t.ask("below.test") == (NXDOMAIN, []))]
    t.check("names-exact: a name without those below it, a wildcard without its own name",
            answers + t.passed_and_not([("192.0.2.4", 443), ("192.0.2.8", 444)],
                                       [("192.0.2.5", 443), ("192.0.2.7", 444)]))
    answers = [("www.hub.test has an address", t.ask("www.hub.test") == (0, ["192.0.2.2"]))]
    t.check("a name in two lists is in both sets", answers + t.passed_and_not(
        [("192.0.2.2", 443), ("192.0.2.2", 444)], [("192.0.2.1", 444)]))


def time_ends(t):
    """Times are short here: an address may be gone before it is used, and is asked for again."""
    with t.lab.net.entered():
        listener = socket.create_server(("192.0.2.1", 443))
    caller = None

    def connects():
        nonlocal caller
        t.ask("hub.test")
        with t.client.entered():
            caller = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        caller.settimeout(1)
        try:
            caller.connect(("192.0.2.1", 443))
            return True
        except OSError:
            caller.close()
            return False

    with listener:
        facts = [("a name that was asked for passes", comes_true(connects))]
        if not facts[0][1]:
            t.check("an address has its time", facts)
            return
        listener.settimeout(PATIENCE)
        taken, _ = listener.accept()
    with caller, taken:
        caller.settimeout(PATIENCE)
        taken.settimeout(PATIENCE)
        facts.append(("192.0.2.1:443 is denied again", comes_true(
            lambda: not t.passes("192.0.2.1", 443, expected=False))))
        caller.sendall(b"still")
        facts.append(("an open connection goes on", taken.recv(8) == b"still"))
    t.check("when the time is over an address is denied, not the connections that it has",
            facts + t.passed_and_not([("192.0.2.50", 443)], [("192.0.2.4", 443)]))
    with t.lab.net.entered():
        listener = socket.create_server(("192.0.2.1", 443))
    with listener:
        t.check("and passes when it is asked for again", [("it passes", comes_true(connects))])
    caller.close()


def the_file_empties(t, ruleset):
    if ruleset.kind == "nft":
        ruleset.load(t.lab.node)
        t.check("the file alone empties the sets", t.passed_and_not(
            [("192.0.2.50", 443)], [("192.0.2.2", 443)]))


def load_again(t, ruleset):
    if ruleset.kind == "nft":
        ruleset._run(t.lab.node, ["sh", ruleset.target + ".apply.sh", "--grace", "0"])
    else:
        ruleset.load(t.lab.node)
    t.check("loaded again, the sets keep what they hold", t.passed_and_not(
        [("192.0.2.2", 443), ("192.0.2.2", 444), ("192.0.2.8", 444)], [("192.0.2.9", 443)]))


def reads_as_the_policy(t, ruleset, folder, options):
    """What is loaded, listed while its sets hold addresses, beside what fills them."""
    own = ruleset.target + ".dnsmasq.conf"
    with open(os.path.join(ruleset.folder, own)) as file:
        lines = file.read()
    with open(os.path.join(folder, own), "w") as file:
        file.write(lines.replace("set=/one.test/", "set=/other.test/"))
    for what, files in readback.listings(ruleset, t.lab.node):
        facts = [("an address is listed", any("192.0.2.2" in text for text in files.values()))]
        status, words = readback.verify(options, POLICY, ruleset.target, files, ruleset.folder)
        facts.append(("status 0, not %d: %s" % (status, words[:400]), status == 0))
        status, words = readback.verify(options, POLICY, ruleset.target, files, folder)
        facts.append(("other.test is told: " + words[:400],
                      status == 1 and "different" in words and "-> other.test:443" in words))
        t.check("%s means the policy, and not with another name in dnsmasq's file" % what, facts)


def follow(label, ruleset, folder, options):
    report = kernel.Report()
    own = os.path.join(ruleset.folder, ruleset.target + ".dnsmasq.conf")
    try:
        with Lab([]) as lab:
            ruleset.load(lab.node)
            lab.start(lab.net, folder, "zones", ZONES)
            lab.start(lab.node, folder, "own", OWN % own)
            t = Trial(report, label, lab, ruleset.target.startswith("router"))
            t.wait_for_servers()
            if ruleset.target.startswith("aging"):
                time_ends(t)
                return report
            what_was_asked_for_passes(t)
            what_was_not_meant_does_not(t)
            load_again(t, ruleset)
            reads_as_the_policy(t, ruleset, folder, options)
            the_file_empties(t, ruleset)
    except (OSError, world.CommandError) as problem:
        report.fail(label, "%s: %s" % (type(problem).__name__, problem))
    return report


def lacking(report):
    """Is there all that is needed? What is not is skipped by name."""
    why = kernel.missing()
    if not why and shutil.which("dnsmasq") is None:
        why = "dnsmasq is not installed"
    if why:
        report.skip("dnsmasq", why)
    return why is not None


def unsupported(backend):
    """Why the sets of this backend can't be filled here, or None."""
    word = "nftset" if backend == "nftables" else "ipset"
    built = subprocess.run(["dnsmasq", "--version"], stdout=subprocess.PIPE,
                           universal_newlines=True).stdout.split()
    if word not in built:
        return "this dnsmasq is built without " + word
    if word == "ipset":
        namespace = world.Namespace()
        try:
            namespace.run(["ipset", "create", "probe", "hash:ip", "timeout", "5"])
        except (OSError, world.CommandError) as problem:
            return "the kernel has no hash:ip with timeouts: %s" % problem
        finally:
            namespace.close()
    return None


def jobs(report, options, scratch):
    for target in ("node-nft", "node-ipt", "router-nft", "router-ipt", "aging-nft", "aging-ipt"):
        backend = "nftables" if target.endswith("nft") else "iptables"
        why = unsupported(backend)
        if why:
            report.skip("dnsmasq/" + target, why)
            continue
        for label, ruleset in policies.rulesets(report, options, scratch, POLICY, target, "new"):
            folder = tempfile.mkdtemp(dir=scratch)
            os.chmod(folder, 0o755)
            yield label, ruleset, folder, options


def main():
    report = kernel.Report()
    options = {"as-of": kernel.AS_OF, "all": bool(os.environ.get("LONG")), "scripts": True,
               "tool": os.path.abspath(os.environ.get(
                   "FLOWRULES", os.path.join(kernel.ROOT, "build", "flowrules")))}
    if lacking(report):
        kernel.finish(report)
    scratch = tempfile.mkdtemp(prefix="flowrules-dnsmasq-")
    os.chmod(scratch, 0o755)
    try:
        with concurrent.futures.ProcessPoolExecutor(
                8, multiprocessing.get_context("fork")) as pool:
            for done in [pool.submit(follow, *job) for job in jobs(report, options, scratch)]:
                report.add(done.result())
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for line in report.lines:
        print(line)
    print("%d passed, %d failed, %d skipped" % (report.counts["ok"], report.counts["FAIL"],
                                                report.counts["skip"]))
    sys.exit(1 if report.counts["FAIL"] else 0)


if __name__ == "__main__":
    main()
