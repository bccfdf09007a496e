"""Loads rulesets into a namespace and takes stock of what is there; knows nft, iptables, ipset."""
import functools
import json
import os
import re
import shutil

import world

# Somebody else's rules, which must be there unchanged whatever is loaded beside them.
FOREIGN_NFT = """
table inet foreign {
    set guests { type ipv4_addr; elements = { 203.0.113.250, 203.0.113.251 } }
    chain input { type filter hook input priority -5; policy accept; ip saddr @guests counter; }
    chain watch { counter comment "foreign"; }
}
table ip foreign4 { chain output { type filter hook output priority -5; policy accept; }; }
"""
FOREIGN_IPTABLES = """*%(table)s
:FOREIGN - [0:0]
-A FOREIGN -m comment --comment "foreign rule" -j RETURN
-A %(chain)s -p tcp -j FOREIGN
%(more)sCOMMIT
"""
VARIANTS = {
    "legacy": {name: name.replace("tables", "tables-legacy", 1) for name in (
        "iptables", "ip6tables", "iptables-restore", "ip6tables-restore", "iptables-save",
        "ip6tables-save")},
    "nf_tables": {name: name.replace("tables", "tables-nft", 1) for name in (
        "iptables", "ip6tables", "iptables-restore", "ip6tables-restore", "iptables-save",
        "ip6tables-save")},
}


@functools.lru_cache(None)
def lacking(variant):
    """Why rulesets can't be loaded here with this variant of iptables (None: with nft), or None."""
    needed = list(VARIANTS[variant].values()) + ["ipset"] if variant else ["nft"]
    for name in needed:
        if shutil.which(name) is None:
            return name + " is not installed"
    namespace = world.Namespace()
    try:
        for name in [n for n in needed if n.endswith("-save")] + ["ipset", "nft"]:
            namespace.run([name] + ["list"] * (name == "ipset") + ["list", "ruleset"] * (name == "nft"))
    except world.CommandError as problem:
        return "the kernel does not allow it: %s" % problem
    finally:
        namespace.close()
    return None


class Ruleset:
    """Files in a folder, and how they are loaded."""

    def __init__(self, kind, target, folder, variant=None):
        self.kind, self.target, self.folder, self.variant = kind, target, folder, variant

    def environment(self):
        found = dict(os.environ, LC_ALL="C", SSH_CONNECTION="",
                     XTABLES_LOCKFILE=os.path.join(self.folder, ".lock"))
        if self.variant:
            for name, program in VARIANTS[self.variant].items():
                found[name.upper().replace("-", "_")] = program
        return found

    def _run(self, namespace, command, text=None):
        return namespace.run(command, text, self.environment(), self.folder)

    def load(self, namespace):
        name = {"nft": ".nft", "restore": ".apply.sh", "script": ".sh"}[self.kind]
        if self.kind == "nft":
            self._run(namespace, ["nft", "-f", self.target + name])
        else:  # what passes for a while after a first load is confirm.py's
            self._run(namespace, ["sh", self.target + name, "--grace", "0"])

    def script(self):
        """The script of this target, by name."""
        return self.target + (".sh" if self.kind == "script" else ".apply.sh")

    def load_foreign(self, namespace):
        self._run(namespace, ["nft", "-f", "-"], FOREIGN_NFT)
        if self.kind == "nft":
            return
        self._run(namespace, ["ipset", "-exist", "restore"],
                  "create foreign hash:net\nadd foreign 203.0.113.0/28\n")
        programs = VARIANTS[self.variant]
        for restore in ("iptables-restore", "ip6tables-restore"):
            more = ("-A INPUT -m set --match-set foreign src -j FOREIGN\n"
                    if restore == "iptables-restore" else "")
            for table, chain, rule in (("filter", "INPUT", more), ("filter", "FORWARD", ""),
                                       ("mangle", "OUTPUT", "")):
                text = FOREIGN_IPTABLES % {"table": table, "chain": chain, "more": rule}
                if chain == "FORWARD":
                    text = text.replace(":FOREIGN - [0:0]\n", "").replace(
                        "-A FOREIGN -m comment --comment \"foreign rule\" -j RETURN\n", "")
                self._run(namespace, [programs[restore], "--noflush"], text)

    def stock(self, namespace):
        """All rules that are loaded, without what counts or numbers, as lines in order."""
        if self.kind == "nft":
            listing = json.loads(self._run(namespace, ["nft", "-j", "list", "ruleset"]))
            return [json.dumps(item, sort_keys=True) for item in _settled(listing["nftables"])
                    if "metainfo" not in item]
        lines = []
        for save in ("iptables-save", "ip6tables-save"):
            table = ""
            for line in self._run(namespace, [VARIANTS[self.variant][save]]).split("\n"):
                if line.startswith("*"):
                    table = line
                elif line and not line.startswith("#") and line != "COMMIT":
                    lines.append("%s %s %s" % (save[:-5], table, _without_slot(line)))
        # Not -sorted, with which ipset 7.17 leaves out a port now and then.
        listing = self._run(namespace, ["ipset", "save"])
        lines += sorted("ipset " + re.sub(r" (initval|bucketsize) \S+", "", line)
                        for line in listing.split("\n") if line)
        listing = json.loads(self._run(namespace, ["nft", "-j", "list", "ruleset"]))
        return lines + [json.dumps(item, sort_keys=True) for item in _settled(listing["nftables"])
                        if '"foreign' in json.dumps(item)]


def _without_slot(line):
    """A rule without counts; a script builds beside what is in force, in slots a and b by turns."""
    line = re.sub(r" \[\d+:\d+\]$", "", line)
    return re.sub(r"\b(FR-[^ /]*)/[ab](?=[./])", r"\1/slot", line)


def foreign_part(lines):
    """Of the lines of a stock, those that are somebody else's."""
    return [line for line in lines if "foreign" in line.lower()]


def _settled(value):
    """The listing without handles and counts, the elements of a set in an order of their own."""
    if isinstance(value, list):
        return [_settled(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, item in value.items():
        if key in ("handle", "packets", "bytes", "index"):
            continue
        item = _settled(item)
        if key == "elem" and isinstance(item, list):
            item = sorted(item, key=lambda element: json.dumps(element, sort_keys=True))
        found[key] = item
    return found
