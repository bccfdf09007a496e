"""Pastes what cisco-asa renders into a model of an ASA, once, twice and interrupted at any line.

The model knows the grammar of the commands and refuses what an ASA refuses: names that are not
defined, objects that change while they are in use, names too long. It keeps no connections.
Facts: Cisco ASA Series Firewall CLI Configuration Guide, "Access Control Lists" and "Objects for
Access Control".
"""
import glob
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.environ.get("FLOWRULES", os.path.join(ROOT, "build/flowrules"))
AS_OF = os.environ.get("AS_OF", "2026-11-23")
PROTOCOLS = {"ip": None, "icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51,
             "icmp6": 58, "sctp": 132}
OBJECT_NAME = re.compile(r"[A-Za-z0-9.!@#$%^&()_{}-]{1,64}")
LIST_NAME = re.compile(r"[A-Za-z0-9._-]{1,241}")
HOST_NAME = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*"
                       r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
MONTHS = ("January February March April May June July August September October November "
          "December").split()


class Refused(Exception):
    """What the ASA answers with ERROR."""


class Harmless(Refused):
    """The errors that the file's head calls no harm."""


def need(condition, why):
    if not condition:
        raise Refused(why)


def number(word, low, high):
    need(re.fullmatch(r"\d+", word) and low <= int(word) <= high, f"{word}: no number {low}-{high}")
    return int(word)


class Words:
    def __init__(self, text):
        self.words = text.split()

    def peek(self):
        return self.words[0] if self.words else None

    def take(self, *expected):
        need(self.words, "incomplete command")
        word = self.words.pop(0)
        need(not expected or word in expected, f"'{word}' instead of {' or '.join(expected)}")
        return word

    def end(self):
        need(not self.words, f"'{' '.join(self.words)}' is too much")


def network(address, mask):
    try:
        mask_bits = int(ipaddress.IPv4Address(mask))
        need(mask_bits | (mask_bits - 1) == 0xffffffff or mask_bits == 0, f"{mask} is no netmask")
        return ipaddress.ip_network(f"{address}/{mask_bits.bit_count()}")
    except ValueError as error:
        raise Refused(str(error)) from None


def subnet(words):
    first = words.take()
    if "/" in first:
        need(":" in first, "IPv4 takes a netmask")
        return ipaddress.ip_network(first)
    return network(first, words.take())


def interval(net):
    return (net.version, int(net[0]), int(net[-1]))


def host(word):
    try:
        return interval(ipaddress.ip_network(word))
    except ValueError:
        raise Refused(f"{word}: host takes an address") from None


def ports(words):
    """eq N, range A B, or nothing: the ports that match."""
    if words.peek() == "eq":
        words.take()
        port = number(words.take(), 0, 65535)
        return (port, port)
    if words.peek() == "range":
        words.take()
        low, high = (number(words.take(), 0, 65535) for _ in range(2))
        need(low < high, "an empty range of ports")
        return (low, high)
    return (0, 65535)


def protocol(word):
    if word in PROTOCOLS:
        return PROTOCOLS[word]
    found = number(word, 1, 255) # 0 would be ip
    need(found not in PROTOCOLS.values(), f"protocol {word} has a name")
    return found


def icmp(words, proto):
    kinds = []
    while proto in (1, 58) and len(kinds) < 2 and (words.peek() or "").isdigit():
        kinds.append(number(words.take(), 0, 255))
    return tuple(kinds)


class Asa:
    def __init__(self):
        self.objects = {}  # name: [kind, content]; one space of names
        self.times = {}
        self.lists = {}
        self.bound = {}
        self.mode = None
        self.outages = []

    def state(self):
        return json.dumps([self.objects, self.times, self.lists, self.bound], sort_keys=True)

    # ---- objects

    def define(self, name, kind):
        need(OBJECT_NAME.fullmatch(name), f"{name} can't be an object's name")
        known = self.objects.setdefault(name, [kind, []])
        need(known[0] == kind, f"{name} is a {known[0]} already")
        return known[1]

    def referred(self, name, kinds):
        need(name in self.objects and self.objects[name][0] in kinds, f"{name} does not exist")
        need(self.objects[name][1], f"{name} is empty")
        return self.objects[name][1]

    def set_value(self, content, value):
        """An object holds one value: entering another one replaces it, wherever it is used."""
        need(not content or content == [value], f"the content of an object changed to {value}")
        content[:] = [value]

    def in_object(self, words, content):
        kind = words.take("host", "subnet", "range", "fqdn")
        if kind == "host":
            value = host(words.take())
        elif kind == "subnet":
            value = interval(subnet(words))
        elif kind == "range":
            low, high = host(words.take()), host(words.take())
            need(low[0] == high[0] and low[1] < high[1], "an empty range")
            value = (low[0], low[1], high[2])
        else:
            version = words.take() if words.peek() in ("v4", "v6") else "v0" # A and AAAA records
            name = words.take()
            need(HOST_NAME.fullmatch(name) and len(name) <= 253, f"{name} is no FQDN")
            value = (int(version[1]), name)
        words.end()
        self.set_value(content, list(value))

    def add_member(self, content, member):
        if member in content:
            raise Harmless("object already exists")
        content.append(member)

    def in_network_group(self, words, content):
        words.take("network-object")
        if words.peek() == "object":
            words.take()
            members = self.referred(words.take(), ["network"])
        elif words.peek() == "host":
            words.take()
            members = [list(host(words.take()))]
        else:
            members = [list(interval(subnet(words)))]
        words.end()
        self.add_member(content, members[0])

    def in_service_group(self, words, content):
        words.take("service-object")
        proto = protocol(words.take())
        source = destination = (0, 65535)
        if words.peek() == "source":
            words.take()
            source = ports(words)
        if words.peek() == "destination":
            words.take()
            destination = ports(words)
        need(proto in (6, 17, 132) or source == destination == (0, 65535), "ports of no protocol")
        member = [proto, list(source), list(destination), list(icmp(words, proto))]
        words.end()
        self.add_member(content, member)

    def in_time_range(self, words, content):
        words.take("absolute")
        words.take("end")
        need(re.fullmatch(r"[0-2]\d:[0-5]\d", words.peek()), "no time")
        value = [words.take(), number(words.take(), 1, 31), words.take(*MONTHS),
                 number(words.take(), 1993, 2035)]
        words.end()
        self.set_value(content, value)

    # ---- access lists

    def end_of(self, words):
        word = words.take()
        if word in ("any", "any4", "any6"):
            both = [[4, 0, 2**32 - 1], [6, 0, 2**128 - 1]]
            return {"any": both, "any4": both[:1], "any6": both[1:]}[word]
        if word == "host":
            return [list(host(words.take()))]
        if word == "object":
            return self.referred(words.take(), ["network"])
        if word == "object-group":
            return self.referred(words.take(), ["network group"])
        words.words.insert(0, word)
        return [list(interval(subnet(words)))]

    def entry(self, words):
        action = words.take("permit", "deny")
        services = None
        if words.peek() == "object-group":
            words.take()
            services = self.referred(words.take(), ["service group"])
        else:
            proto = protocol(words.take())
        source, source_ports = self.end_of(words), ports(words)
        destination, destination_ports = self.end_of(words), ports(words)
        if services is None:
            services = [[proto, list(source_ports), list(destination_ports),
                         list(icmp(words, proto))]]
        else:
            need(source_ports == destination_ports == (0, 65535), "ports beside a service group")
        # A group may hold both families, and so may a name; ICMP has one.
        families = families_of(source) & families_of(destination)
        need(families, "no family in common")
        for service in services:
            need(service[0] != 1 or families == {4}, "icmp over IPv6")
            need(service[0] != 58 or families == {6}, "icmp6 over IPv4")
            need(service[0] in (6, 17, 132) or service[1] == service[2] == [0, 65535],
                 "ports of no protocol")
        if words.peek() == "log":
            words.take()
            if words.peek() == "disable":
                words.take()
            elif (words.peek() or "").isdigit():
                number(words.take(), 0, 7)
                words.take("interval")
                number(words.take(), 1, 600)
        if words.peek() == "time-range":
            words.take()
            need(self.times.get(words.take()), "the time range does not exist")
        words.end()
        return [action, services, source, destination]

    def access_list(self, text, words):
        name = words.take()
        need(LIST_NAME.fullmatch(name), f"{name} can't be an access list's name")
        at = None
        if words.peek() == "line":
            words.take()
            at = number(words.take(), 1, 2**31) - 1
            text = re.sub(r"^(\S+ \S+) line \d+", r"\1", text)
        kind = words.take("remark", "extended", *(["rename"] if at is None else []))
        if kind == "remark":
            remark = re.sub(r"^\S+ \S+ remark ", "", text)
            need(len(remark.encode()) <= 100, f"a remark of {len(remark)} characters")
            need(remark.strip(), "an empty remark")
            self.put(name, at, [text, None])
        elif kind == "rename":
            to = words.take()
            words.end()
            need(LIST_NAME.fullmatch(to), f"{to} can't be an access list's name")
            need(name in self.lists, f"{name} does not exist")
            if to in self.lists:
                raise Harmless(f"{to} exists")
            self.lists[to] = [[line.replace(name, to, 1), e] for line, e in self.lists.pop(name)]
        else:
            entry = self.entry(words)
            if any(line == text for line, _ in self.lists.get(name, [])):
                raise Harmless("found duplicate element")
            self.put(name, at, [text, entry])

    def put(self, name, at, line):
        """At the end, or at a place: what stands there moves down."""
        lines = self.lists.setdefault(name, [])
        need(at is None or at <= len(lines), f"line {at} of a list of {len(lines)}")
        lines.insert(len(lines) if at is None else at, line)

    def remove_entry(self, text):
        """no access-list NAME ...: the first line that is the same."""
        name = text.split(" ")[1]
        same = [line for line in self.lists.get(name, []) if line[0] == text]
        if not same:
            raise Harmless("specified access-list does not exist")
        self.lists[name].remove(same[0])
        if not self.lists[name]:
            del self.lists[name]

    def access_group(self, words):
        name = words.take()
        place = words.take("in", "out", "global")
        if place != "global":
            words.take("interface")
            place += " " + words.take()
        words.end()
        need(name in self.lists, f"{name} does not exist")
        self.bound[place] = name

    def clear(self, words):
        words.take("configure")
        words.take("access-list")
        name = words.take()
        words.end()
        if name not in self.lists:
            raise Harmless(f"{name} does not exist")
        del self.lists[name]
        for place in [p for p, bound in self.bound.items() if bound == name]:
            self.outages.append(name)
            del self.bound[place]

    # ---- lines

    def command(self, text):
        words = Words(text)
        self.mode = None
        if text.startswith("no access-list "):
            self.remove_entry(text.removeprefix("no "))
            return
        word = words.take("object", "object-group", "time-range", "access-list", "access-group",
                          "clear", "dns")
        if word == "access-list":
            self.access_list(text, words)
        elif word == "access-group":
            self.access_group(words)
        elif word == "clear":
            self.clear(words)
        elif word == "dns":
            if words.take("domain-lookup", "server-group") == "server-group":
                self.mode = (lambda w, c: (w.take("name-server"), host(w.take()), w.end()), None)
            words.take()
            words.end()
        elif word == "time-range":
            self.mode = (self.in_time_range, self.times.setdefault(words.take(), []))
            words.end()
        else:
            kind = words.take("network", "service")
            need(word == "object-group" or kind == "network", "object service")
            name = words.take()
            words.end() # a service group with a type would have more
            content = self.define(name, kind + (" group" if word == "object-group" else ""))
            inside = {"network": self.in_object, "network group": self.in_network_group,
                      "service group": self.in_service_group}[self.objects[name][0]]
            self.mode = (inside, content)

    def line(self, text):
        need("?" not in text, "a ? asks for help")
        need(text.isascii() and text.isprintable(), "not printable ASCII")
        need(len(text) < 512, "a line too long")
        if text.startswith("!") or not text:
            return
        if text.startswith(" "):
            need(self.mode, "a line of no mode")
            self.mode[0](Words(text), self.mode[1])
        else:
            self.command(text)

    def paste(self, lines):
        """Pastes and returns what was refused and does harm."""
        refused = []
        for text in lines:
            try:
                self.line(text)
            except Harmless:
                pass
            except Refused as error:
                refused.append(f"{text}: {error}")
        return refused

    def passes(self, name, packet):
        family, proto, source, destination, port = packet
        for _, entry in self.lists[name]:
            if entry is None:
                continue
            action, services, sources, destinations = entry
            if any(s[0] in (None, proto) and s[2][0] <= port <= s[2][1] for s in services) and \
                    holds(sources, family, source) and holds(destinations, family, destination):
                return action == "permit"
        return False


def families_of(end):
    """Of what an end holds: 0 is a name of both."""
    found = {e[0] for e in end}
    return {4, 6} if 0 in found else found


def holds(ranges, family, address):
    return any(len(r) == 3 and r[0] == family and r[1] <= address <= r[2] for r in ranges)


# ---- the tests


class Suite:
    def __init__(self):
        self.count = {"ok": 0, "FAIL": 0, "skip": 0}

    def say(self, name, problem):
        self.count["FAIL" if problem else "ok"] += 1
        print(f"FAIL {name}: {problem}" if problem else f"ok {name}")

    def finish(self):
        print("{ok} passed, {FAIL} failed, {skip} skipped".format(**self.count))
        return 1 if self.count["FAIL"] else 0


def run(*arguments, folder=None):
    return subprocess.run([TOOL, *arguments, "--as-of", AS_OF], capture_output=True, text=True,
                          cwd=folder, stdin=subprocess.DEVNULL, check=False)


def render(policy, target, out):
    shutil.rmtree(out, ignore_errors=True)
    folder, name = os.path.split(os.path.realpath(policy))
    done = run("render", name, "-t", target, "-o", out, folder=folder)
    if done.returncode != 0:
        return done.returncode, {}
    files = {}
    for path in glob.glob(out + "/*.cfg"):
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        files[os.path.basename(path)[len(target):]] = text.removesuffix("\n").split("\n")
    return 0, files


def before(places, earlier="EARLIER"):
    """An ASA with a list at these places ("in interface outside")."""
    asa = Asa()
    problems = asa.paste([f"access-list {earlier} extended permit ip any any"]
                         + [f"access-group {earlier} {place}" for place in places])
    assert not problems
    return asa


def bindings(lines):
    """The list's name by its place, for each access-group."""
    groups = (line.split(" ", 2) for line in lines if line.startswith("access-group "))
    return {place: name for _, name, place in groups}


def at(place):
    return place.replace("interface ", "")


def check_built(asa, lines):
    """Each list has as many lines as the comment before its swap says."""
    said = [int(n) for n in re.findall(r"must list (\d+) lines", "\n".join(lines))]
    building = [line.split()[1] for line in lines if re.match(r"access-list \S+ rename ", line)]
    there = [len(asa.lists[name]) for name in building]
    return None if said == there else f"{said} lines were promised, {there} are there"


def check_paste(lines):
    bound = bindings(lines)
    swap = next(i for i, line in enumerate(lines)
                if re.match(r"access-list \S+ rename ", line))
    asa = before(bound)
    earlier = asa.lists["EARLIER"][:]
    refused = asa.paste(lines[:swap])
    if refused:
        return refused[0]
    if asa.bound != {at(place): "EARLIER" for place in bound}:
        return "something is in force before the swap"
    wrong = check_built(asa, lines)
    if wrong:
        return wrong
    refused = asa.paste(lines[swap:])
    if refused:
        return refused[0]
    if asa.bound != {at(place): name for place, name in bound.items()} or any(
            name.endswith("_building") for name in asa.lists):
        return "the swap failed"
    if asa.lists["EARLIER"] != earlier or asa.outages:
        return "the earlier list is no longer what it was"
    if any(" deny ip any any" not in asa.lists[name][-1][0] for name in bound.values()):
        return "no explicit deny at the end"
    return check_again(asa, lines, bound)


def check_again(asa, lines, places):
    """A second paste, and a whole one after one that broke off, come to the same."""
    whole = asa.state()
    refused = asa.paste(lines)
    if refused or asa.outages or asa.state() != whole:
        return f"a second paste changed something: {refused}"
    step = max(1, len(lines) // 40)
    for cut in range(0, len(lines), step):
        broken = before(places)
        broken.paste(lines[:cut])
        refused = broken.paste(lines)
        if refused or broken.outages or broken.state() != whole:
            return f"after a paste that broke off in line {cut + 1} it is not the same: {refused}"
    return None


def check_retirement(lines, retire):
    earlier = next(line for line in retire if line.startswith("clear ")).split()[-1]
    bound = bindings(lines)
    asa = before(bound, earlier)
    refused = asa.paste(lines) + asa.paste(retire)
    if refused or asa.outages or earlier in asa.lists or list(asa.bound.values()) != list(bound.values()):
        return f"{refused} {asa.outages} {asa.bound}"
    return None


def check_permits(lines, remove):
    """Permits go among the entries of a list that is there, or is not, and out again."""
    name, _, first = next(line for line in lines if line.startswith("access-list ")).split()[1:4]
    there = [f"access-list {name} extended deny tcp any any eq {1000 + i}" for i in range(int(first) + 1)]
    for others in [there] if int(first) > 1 else [there, []]:
        asa = Asa()
        refused = asa.paste(others)
        earlier = asa.lists.get(name, [])[:]
        refused += asa.paste(lines)
        if refused:
            return refused[0]
        own = [line for line in asa.lists[name] if line not in earlier]
        if [line for line in asa.lists[name] if line in earlier] != earlier or asa.outages:
            return "the entries of others are no longer what they were"
        if not own or any(entry and entry[0] != "permit" for _, entry in own):
            return "what was added is not permits alone"
        refused = asa.paste(remove)
        if refused or asa.lists.get(name, []) != earlier:
            return f"the permits are not out again: {refused}"
    return None


def judge_files(suite, name, files):
    if ".remove.cfg" in files:
        suite.say(name, check_permits(files[".cfg"], files[".remove.cfg"]))
        return
    suite.say(name, check_paste(files[".cfg"]))
    if ".retire.cfg" in files:
        suite.say(name + " retires", check_retirement(files[".cfg"], files[".retire.cfg"]))


def specs(policy, check):
    own = [t["name"] for t in check["targets"] if t["backend"] == "cisco-asa"]
    return own or ["cisco-asa"]


def every_policy(suite, scratch):
    found = 0
    policies = sorted(glob.glob(ROOT + "/tests/golden/*/policy.yaml")) + \
        sorted(glob.glob(ROOT + "/examples/*.yaml"))
    for policy in policies:
        with open(policy, encoding="utf-8") as file:
            if not re.search("^flows:", file.read(), re.MULTILINE):
                continue # definitions for others
        checked = run("check", "--json", os.path.realpath(policy))
        for target in specs(policy, json.loads(checked.stdout)):
            status, files = render(policy, target, scratch + "/out")
            name = os.path.relpath(policy, ROOT).replace("tests/golden/", "")
            name = f"{name.replace('/policy.yaml', '')}/{target}"
            if status in (4, 5):
                continue # refused or unresolved: the goldens have it
            found += 1
            if files:
                judge_files(suite, name, files)
            else:
                suite.say(name, f"status {status}")
    suite.say("there were policies", None if found > 15 else f"{found} of them")


# ---- versions beside each other

VERSIONS = """flowrules: 1
networks:
  ours: [10.0.0.0/8]
  theirs: [%s]
flows:
  - {name: f, source: ours, destination: theirs, %s}
targets:
  t: {backend: cisco-asa}
"""
CHANGES = [
    ("192.0.2.1, 192.0.2.9", "protocol: tcp, port: 443"),
    ("192.0.2.1, 192.0.2.10", "protocol: tcp, port: 443"),
    ("192.0.2.1", "protocol: tcp, port: 443"),
    ("192.0.2.1-192.0.2.3", "protocol: tcp, port: 443"),
    ("a.example.com", "protocol: tcp, port: 443"),
    ("b.example.com", "protocol: tcp, port: 443"),
    ("a.example.com, b.example.com", "protocol: tcp, port: 443"),
    ("a.example.com, b.example.com", "protocol: tcp, port: [443, 80]"),
    ("a.example.com, b.example.com", "protocol: tcp, port: 443, expires: 2027-01-31"),
    ("a.example.com, b.example.com", "protocol: tcp, port: 443, expires: 2027-02-01"),
]


def versions(suite, scratch):
    """Each version gets a list of its own, and changes no object of another one."""
    asa, seen = before(["in interface inside"]), {}
    for ends, service in CHANGES:
        path = scratch + "/policy.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(VERSIONS % (ends, service))
        status, files = render(path, "t", scratch + "/out")
        name = f"version: {ends}; {service}"
        if status != 0:
            suite.say(name, f"status {status}")
            continue
        bound = next(iter(bindings(files[".cfg"]).values()))
        lists = json.dumps({k: v for k, v in asa.lists.items()})
        refused = asa.paste(files[".cfg"])
        kept = json.dumps({k: v for k, v in asa.lists.items() if k != bound})
        problem = refused[0] if refused else None
        if bound in seen:
            problem = f"it has the name of the version: {seen[bound]}"
        elif kept != lists or asa.outages:
            problem = "an earlier version changed"
        suite.say(name, problem)
        seen[bound] = name


# ---- what it lets pass, against the tool's own answer


def packets(asa, name):
    """At the corners of each entry: addresses in and beside it, ports in and beside it."""
    for _, entry in asa.lists[name]:
        if entry is None:
            continue
        _, services, sources, destinations = entry
        for service in services:
            if service[0] not in (6, 17) or service[1] != [0, 65535]:
                continue
            for source in sources[:2]:
                for end in destinations[:2]:
                    if len(source) != 3 or len(end) != 3 or source[0] != end[0]:
                        continue
                    low, high = service[2]
                    top = 2 ** (32 if end[0] == 4 else 128) - 1
                    for port in {low, high, min(high + 1, 65535)}:
                        for place in {end[1], end[2], min(end[2] + 1, top)}:
                            yield (end[0], service[0], source[1], place, port)


def ask(policy, target, packet):
    family, proto, source, destination, port = packet
    kind = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
    form = "{}:{}" if family == 4 else "[{}]:{}"
    question = "{} {} -> {}".format({6: "tcp", 17: "udp"}[proto], kind(source),
                                    form.format(kind(destination), port))
    return question, run("query", policy, question, "-t", target).returncode


def meaning(suite, scratch):
    for case, target in [("cisco-asa", "edge"), ("cisco-asa-merged", "merged"),
                         ("denies", "cisco-asa"), ("ranges-except", "cisco-asa")]:
        policy = f"{ROOT}/tests/golden/{case}/policy.yaml"
        status, files = render(policy, target, scratch + "/out")
        if status != 0:
            suite.say(f"{case} means what it should", f"status {status}")
            continue
        asa, name = Asa(), next(iter(bindings(files[".cfg"]).values()))
        asa.paste(files[".cfg"])
        problem, asked, allowed = None, 0, 0
        for packet in sorted(set(packets(asa, name)))[:400]:
            question, answer = ask(policy, target, packet)
            passes = asa.passes(name, packet)
            asked, allowed = asked + 1, allowed + passes
            if answer != (0 if passes else 1):
                problem = f"{question}: {'permit' if passes else 'deny'}, query's status {answer}"
                break
        if not problem and (allowed == 0 or allowed == asked):
            problem = f"{allowed} of {asked} packets pass: that proves nothing"
        suite.say(f"{case} means what it should, {asked} packets", problem)


def main():
    suite, scratch = Suite(), tempfile.mkdtemp()
    try:
        every_policy(suite, scratch)
        versions(suite, scratch)
        meaning(suite, scratch)
    finally:
        shutil.rmtree(scratch)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
