"""PAN-OS output, loaded into a model of a candidate configuration.

The model knows what FACTS of PAN-OS matter: set adds to a list and never takes away, what is new
in a rulebase stands at its end, names have limits, and a commit wants every reference to resolve.
"""
import copy
import glob
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

TOOL = os.environ["FLOWRULES"]
AS_OF = os.environ["AS_OF"]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CASE = os.path.join(ROOT, "tests/golden/paloalto/policy.yaml")
TRAPS = os.path.join(ROOT, "tests/golden/traps/policy.yaml")
LIMITS = os.path.join(ROOT, "tests/golden/limits/policy.yaml")

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 ._-]*")
MOST = {"address": 63, "address-group": 63, "service": 63, "application": 31, "tag": 127,
        "profiles custom-url-category": 31, "rules": 63}
# What an entry may have: False for a value, True for a list of members.
VALUES = {
    "tag": {"color": False},
    "address": {"ip-netmask": False, "ip-range": False, "fqdn": False, "tag": True},
    "address-group": {"static": True, "tag": True},
    "service": {f"protocol {p} {k}": False
                for p in ("tcp", "udp", "sctp") for k in ("port", "source-port")} | {"tag": True},
    "application": dict.fromkeys(
        ["category", "subcategory", "technology", "risk", "description",
         "default ident-by-ip-protocol"]
        + [f"default ident-by-icmp{v}-type {k}" for v in ("", "6") for k in ("type", "code")],
        False) | {"tag": True},
    "profiles custom-url-category": {"type": False, "list": True},
    "rules": dict.fromkeys(["from", "to", "source", "destination", "source-user", "category",
                            "application", "service", "tag"], True)
             | dict.fromkeys(["action", "log-end", "log-setting", "description",
                              "icmp-unreachable"], False),
}
APPLICATIONS = {"any", "icmp", "ping", "ipv6-icmp", "gre", "ipsec-esp", "ipsec-ah", "ssl",
                "web-browsing", "igmp", "ospf", "eigrp", "pim", "vrrp"}

passed = failed = 0


def split(line):
    """Words of a command: double quotes hold one together, and nothing is an escape."""
    if line.count('"') % 2:
        raise ValueError(f"a quote is open: {line}")
    return [word.strip('"') for word in re.findall(r'"[^"]*"|[^\s"]+', line)]


def check(name, errors):
    global passed, failed
    if errors:
        failed += 1
        print(f"FAIL {name}: {errors[0]}")
        for error in errors[1:10]:
            print(f"    {error}")
    else:
        passed += 1
        print(f"ok {name}")


class Config:
    """Sections by their place ("", "vsys v ", 'device-group d '), entries in order."""

    def __init__(self):
        self.sections = {}
        self.missing = 0

    def section(self, place, kind):
        return self.sections.setdefault((place, kind), {})

    def locate(self, words):
        """Takes place and section off the front of the words of a command."""
        place = ""
        if words[0] in ("vsys", "device-group"):
            place = f"{words[0]} {words[1]} "
            words = words[2:]
        if words[0] == "profiles":
            return place, "profiles custom-url-category", words[2:]
        if words[0].endswith("rulebase"):
            if words[1:3] != ["security", "rules"]:
                raise ValueError("no such rulebase")
            if (words[0] == "rulebase") == place.startswith("device-group"):
                raise ValueError("a rulebase that is not there")
            return f"{place}{words[0]} ", "rules", words[3:]
        return place, words[0], words[1:]

    def put(self, place, kind, name, attribute, value):
        if not NAME.fullmatch(name) or len(name) > MOST[kind]:
            raise ValueError(f"no name: {name}")
        listed = VALUES[kind][attribute]
        if attribute.startswith("protocol ") and len(value) > 1023:
            raise ValueError(f"{len(value)} characters of ports")
        entry = self.section(place, kind).setdefault(name, {})
        if not listed:
            entry[attribute] = value
        elif value not in entry.setdefault(attribute, []):
            entry[attribute].append(value)

    def set(self, words):
        """SET ... NAME ATTRIBUTE VALUE ATTRIBUTE [ VALUE VALUE ] ...; one of several words is last."""
        place, kind, (name, *rest) = self.locate(words)
        while rest:
            count = next((n for n in range(1, len(rest)) if " ".join(rest[:n]) in VALUES[kind]), 0)
            if count == 0:
                raise ValueError(f"no attribute of {kind}: {rest}")
            attribute, rest = " ".join(rest[:count]), rest[count:]
            end = rest.index("]") if rest[0] == "[" else 0
            if count > 1 and len(rest) > 1:
                raise ValueError(f"something follows {attribute}: {rest}")
            if end and not VALUES[kind][attribute]:
                raise ValueError(f"no list: {attribute}")
            for value in rest[1:end] if end else rest[:1]:
                self.put(place, kind, name, attribute, value)
            rest = rest[end + 1:]

    def delete(self, words):
        place, kind, (name,) = self.locate(words)
        if self.section(place, kind).pop(name, None) is None:
            self.missing += 1

    def move(self, words):
        place, kind, (name, *where) = self.locate(words)
        rules = self.section(place, kind)
        names = [n for n in rules if n != name]
        if len(names) == len(rules):
            raise ValueError(f"no rule {name}")
        at = 0 if where == ["top"] else names.index(where[1]) + (where[0] == "after")
        names.insert(at, name)
        self.sections[(place, kind)] = {n: rules[n] for n in names}

    def load(self, words, folder):
        match = re.fullmatch(r"config partial from (\S+) from-xpath (.+) to-xpath /config/(.+)"
                             r" mode merge", " ".join(words))
        if not match or match[2] != match[3]:
            raise ValueError("a load that is not understood")
        root = ElementTree.parse(os.path.join(folder, match[1])).getroot()
        node = root.find("./" + match[2])
        place = re.search(r"/(vsys|device-group)/entry\[@name='([^']+)'\]/(.+)", match[2])
        prefix = "" if (place[1], place[2]) == ("vsys", "vsys1") else f"{place[1]} {place[2]} "
        kind = place[3].replace("/", " ")
        if kind.endswith("security rules"):
            prefix += kind.split()[0] + " "
            kind = "rules"
        names = [entry.get("name") for entry in node]
        if len(set(names)) < len(names):
            raise ValueError(f"an entry twice in {kind}")
        for entry in node:
            for child in entry:
                self.merge(prefix, kind, entry.get("name"), [], child)

    def merge(self, place, kind, name, path, node):
        path = path + [node.tag]
        if len(node) == 0:
            self.put(place, kind, name, " ".join(path), node.text)
        for child in node:
            if child.tag == "member":
                self.put(place, kind, name, " ".join(path), child.text)
            else:
                self.merge(place, kind, name, path, child)

    def run(self, file):
        with open(file, encoding="ascii") as lines:
            for line in lines:
                if "?" in line or "\t" in line:
                    raise ValueError(f"the command line would help with: {line}")
                words = split(line)
                if words[0] == "load":
                    self.load(words[1:], os.path.dirname(file))
                else:
                    {"set": self.set, "delete": self.delete, "move": self.move}[words[0]](words[1:])
        return self

    def faults(self):
        """What a commit would not take."""
        faults = []
        for (place, kind), rules in list(self.sections.items()):
            if kind != "rules":
                continue
            where = re.sub(r"\S+ $", "", place)
            known = {k: self.section(where, k) for k in MOST if k != "rules"}
            for group in known["address-group"].values():
                faults += [f"no address {m}" for m in group["static"] if m not in known["address"]]
            for name, rule in rules.items():
                faults += self.rule_faults(name, rule, known)
        return faults

    @staticmethod
    def rule_faults(name, rule, known):
        if name == "DENY-ALL" or name == "theirs":
            return []
        faults = [f"{name} has no {a}" for a in ("from", "to", "source", "destination", "category",
                                                 "source-user", "application", "service", "action",
                                                 "log-end", "description", "tag") if a not in rule]
        if faults:
            return faults
        for attribute, value in rule.items():
            if isinstance(value, list) and "any" in value and len(value) > 1:
                faults.append(f"{name}: any is not alone in {attribute}")
        for zone in rule["from"] + rule["to"]:
            if len(zone) > 31:
                faults.append(f"{name}: zone {zone}")
        for end in rule["source"] + rule["destination"]:
            if end != "any" and end not in known["address"] and end not in known["address-group"]:
                faults.append(f"{name}: no address {end}")
        for service in rule["service"]:
            if service not in ("any", "application-default") and service not in known["service"]:
                faults.append(f"{name}: no service {service}")
            if service == "application-default" and "any" in rule["application"]:
                faults.append(f"{name}: every application on its own ports")
        for application in rule["application"]:
            if application not in APPLICATIONS and application not in known["application"]:
                faults.append(f"{name}: no application {application}")
        for category in rule["category"]:
            if category != "any" and category not in known["profiles custom-url-category"]:
                faults.append(f"{name}: no category {category}")
        if len(rule["description"]) > 1024:
            faults.append(f"{name}: its description is too long")
        return faults


def render(policy, target, scratch):
    folder = tempfile.mkdtemp(dir=scratch)
    subprocess.run([TOOL, "render", policy, "-t", target, "-o", folder, "--as-of", AS_OF,
                    "--quiet"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return folder


def files(folder, ending):
    return [f for f in glob.glob(folder + "/*" + ending)
            if ending != ".set" or f.count(".") == folder.count(".") + 1]


def theirs():
    """A firewall that has rules and objects of others."""
    config = Config()
    config.set(split("address theirs ip-netmask 192.0.2.200"))
    config.set(split("rulebase security rules theirs action allow"))
    config.set(split("rulebase security rules DENY-ALL action deny"))
    return config


def attempt(name, body):
    try:
        check(name, body())
    except (ValueError, KeyError, IndexError, AttributeError, subprocess.CalledProcessError,
            UnicodeDecodeError, SyntaxError) as error:
        check(name, [f"{type(error).__name__}: {error}"])


def order(config):
    return list(config.section("rulebase ", "rules"))


def same(a, b):
    strip = lambda c: {k: v for k, v in c.sections.items() if v}
    errors = [f"{key}: {a.sections.get(key)} is not {b.sections.get(key)}"
              for key in strip(a).keys() | strip(b).keys()
              if a.sections.get(key) != b.sections.get(key)]
    return errors or ([] if order(a) == order(b) else [f"{order(a)} is not {order(b)}"])


def test_target(target, start, scratch, policy=CASE):
    as_set, as_xml = render(policy, target, scratch), render(policy, target + ":xml", scratch)
    one = start().run(files(as_set, target + ".set")[0])
    other = start().run(files(as_xml, ".load.set")[0])
    check(f"{target}: every reference resolves", one.faults())
    check(f"{target}: set and XML say the same", same(one, other))
    again = copy.deepcopy(one).run(files(as_set, target + ".set")[0])
    check(f"{target}: set twice is set once", same(one, again))
    again = copy.deepcopy(other).run(files(as_xml, ".load.set")[0])
    check(f"{target}: XML twice is XML once", same(other, again))
    for folder, config in (as_set, one), (as_xml, other):
        gone = copy.deepcopy(config).run(files(folder, ".remove.set")[0])
        left = [f"{k}: {sorted(v)}" for k, v in gone.sections.items() if v and k[1] != "tag" and
                v.keys() - {"theirs", "DENY-ALL"}]
        if gone.missing > config.missing:
            left.append("it removes what is not there")
        check(f"{target}: all of it is removed ({os.path.basename(files(folder, '.remove.set')[0])})",
              left)
    return one


def test_order(config):
    names = order(config)
    denies = [n for n in names if config.section("rulebase ", "rules")[n]["action"] in ("deny", "drop", "reset-both")]
    errors = []
    if names[0] != "theirs" or names[-1] != "DENY-ALL":
        errors.append(f"not before DENY-ALL: {names}")
    rest = [n for n in names if "_deny-rest" in n]
    if not rest or names[-1 - len(rest):-1] != rest or denies[:2] != names[1:3]:
        errors.append(f"denies are not first, or the last one is not last: {names}")
    return errors


NEXT = """
flowrules: 1
networks:
  inside: {members: [%s], paloalto: {zone: trust}}
flows:
%s
targets:
  edge: {backend: paloalto, to-zone: untrust, before: DENY-ALL}
"""


def test_next_version(scratch):
    """A rule and a member that the next version does not have must not stay."""
    flow = "  - {name: %s, source: inside, destination: [%s], protocol: tcp, port: %s}"
    versions = [NEXT % ("10.0.0.0/24, 10.0.2.0/24", "\n".join(
        [flow % ("kept", "192.0.2.1, 192.0.2.2", "[443, 8443]"), flow % ("gone", "192.0.2.3", 22)])),
                NEXT % ("10.0.0.0/24", flow % ("kept", "192.0.2.1", "443"))]
    folders = []
    for version in versions:
        path = os.path.join(scratch, "edge.yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write(version)
        folders.append((render(path, "edge", scratch), render(path, "edge:xml", scratch)))
    errors = []
    for form, ending in (0, "edge.set"), (1, ".load.set"):
        fresh = theirs().run(files(folders[1][form], ending)[0])
        updated = theirs().run(files(folders[0][form], ending)[0])
        updated.run(files(folders[0][form], ".remove.set")[0])
        updated.run(files(folders[1][form], ending)[0])
        errors += same(fresh, updated)
        # Also where the removal was forgotten, no rule that is set again keeps an old member.
        forgot = theirs().run(files(folders[0][form], ending)[0])
        forgot.run(files(folders[1][form], ending)[0])
        rule = "rulebase ", "rules"
        if forgot.section(*rule)["fr-kept"] != fresh.section(*rule)["fr-kept"]:
            errors.append(f"old members: {forgot.section(*rule)['fr-kept']}")
    return errors


with tempfile.TemporaryDirectory() as work:
    for label, first in ("firewall", theirs), ("panorama", Config), ("second-vsys", Config):
        loaded = []
        attempt(f"{label}: loads", lambda: loaded.append(test_target(label, first, work)) or [])
        if label == "firewall" and loaded:
            attempt("firewall: the order", lambda: test_order(loaded[0]))
    for label, path in ("pan", TRAPS), ("pan-ports", LIMITS):
        attempt(f"{label}: loads", lambda: test_target(label, theirs, work, path) and [])
    attempt("the next version replaces the last", lambda: test_next_version(work))
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(failed > 0)
