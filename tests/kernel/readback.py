"""What is loaded, as nft, iptables-save and ipset list it, is held against the policy by verify:
equal as it was loaded, and not once somebody has changed a rule of it by hand."""
import glob
import json
import os
import subprocess

import oracle
import policies
import rulesets
import world

SETS = ["ipset", "save"]
# What somebody adds at night, before all other rules; the witness has to be of it.
PORT = "40722"


def listings(ruleset, namespace):
    """(what, {file: text}) for each way to list what is loaded."""
    if ruleset.kind == "nft":
        yield "nft list ruleset", {"live.nft": namespace.run(["nft", "list", "ruleset"])}
        yield "nft -nn", {"live.nft": namespace.run(["nft", "-nn", "list", "ruleset"])}
        yield "nft -j", {"live.json": namespace.run(["nft", "-j", "list", "ruleset"])}
        return
    programs = rulesets.VARIANTS[ruleset.variant]
    found = {"live.ipset": namespace.run(SETS)}
    for name, save in (("live.v4", "iptables-save"), ("live.v6", "ip6tables-save")):
        found[name] = namespace.run([programs[save], "-c"])
    yield "iptables-save", {name: text for name, text in found.items() if text.strip()}


def verify(options, policy, target, files, folder):
    """Status and words of verify, with dnsmasq's part of the artifact where there is one."""
    paths = glob.glob(os.path.join(folder, "*.dnsmasq.conf"))
    for name, text in files.items():
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "w") as file:
            file.write(text)
    done = subprocess.run(
        [options["tool"], "verify", "-q", policy, "-t", target, "--as-of", options["as-of"]] + paths,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    return done.returncode, done.stdout


def change(ruleset, namespace):
    """Opens a port in what is loaded; False when there is no chain to do it in."""
    if ruleset.kind == "nft":
        listing = json.loads(namespace.run(["nft", "-j", "list", "chains"]))
        for item in listing["nftables"]:
            chain = item.get("chain", {})
            if "hook" in chain:
                namespace.run(["nft", "insert", "rule", chain["family"], chain["table"],
                               chain["name"], "tcp", "dport", PORT, "accept"])
                return True
        return False
    program = rulesets.VARIANTS[ruleset.variant]["iptables"]
    for builtin in ("OUTPUT", "INPUT", "FORWARD"):
        if "-j FR-" in namespace.run([program, "-w", "-S", builtin]):
            namespace.run([program, "-w", "-I", builtin, "1", "-p", "tcp", "--dport", PORT,
                           "-j", "ACCEPT"])
            return True
    return False


def _check(report, label, options, policy, target, ruleset, namespace):
    for what, files in listings(ruleset, namespace):
        status, words = verify(options, policy, target, files, ruleset.folder)
        if status == 0:
            report.ok("%s: %s reads as the policy" % (label, what))
        else:
            report.fail("%s: %s reads as the policy" % (label, what), "status %d" % status,
                        words.split("\n")[:12])
    if not change(ruleset, namespace):
        report.fail(label + ": a change by hand", "there is no chain to change")
        return
    for what, files in listings(ruleset, namespace):
        status, words = verify(options, policy, target, files, ruleset.folder)
        examples = [line for line in words.split("\n") if "for example" in line]
        named = "%s: %s tells a change by hand" % (label, what)
        if status == 1 and "different" in words and any(":" + PORT in line for line in examples):
            report.ok(named)
        else:
            report.fail(named, "status %d" % status, words.split("\n")[:12])


def run(report, options, folder, path):
    policy = policies.own_copy(path, folder)
    targets = oracle.read_yaml(policy)["targets"]
    for target in [name for name in targets if targets[name]["backend"] in policies.SPELLINGS]:
        for label, ruleset in policies.rulesets(report, options, folder, policy, target, "new"):
            namespace = world.Namespace()
            try:
                ruleset.load(namespace)
                _check(report, label, options, policy, target, ruleset, namespace)
            finally:
                namespace.close()
