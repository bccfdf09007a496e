"""Runs one policy: renders it, loads every spelling, sees that it loads cleanly, and sweeps it."""
import copy
import json
import os
import random
import re
import shutil
import subprocess

import crowds
import oracle
import sweep
import world
from rulesets import VARIANTS, Ruleset, foreign_part, lacking

# The format of a backend, and the ways in which its artifact is loaded.
SPELLINGS = {"nftables": (("nft", (None,)),),
             "iptables": (("restore", tuple(VARIANTS)), ("script", tuple(VARIANTS)))}
# An older version has this flow, and nothing of it may stay behind.
STALE = {"name": "zz-gone", "protocol": "tcp", "port": [64999, "65001-65003"]}
FLOWS_OF_OLD = 60  # so that it is loaded quickly
STALE_ADDRESSES = ["203.0.113.77", "2001:db8:dead::77"]


class RenderError(Exception):
    pass


def render(options, path, target, spelling, folder):
    """The artifact's folder; RenderError with the tool's messages."""
    os.makedirs(folder, exist_ok=True)
    command = [options["tool"], "render", path, "-t", "%s:%s" % (target, spelling), "-o", folder,
               "--as-of", options["as-of"]]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True)
    if done.returncode != 0:
        raise RenderError("render: status %d: %s" % (
            done.returncode, " | ".join(line for line in done.stderr.split("\n")[:6] if line)))


def rulesets(report, options, folder, path, target, age):
    """(label, ruleset) for every spelling and program of a target; reports what can't be had.

    Unless all are wished, each target has each spelling and each program once, by turns.
    """
    policy = oracle.read_yaml(path)
    backend = policy["targets"][target]["backend"]
    turn = list(policy["targets"]).index(target) // 2
    stem = os.path.basename(path).rsplit(".", 1)[0]
    for number, (spelling, variants) in enumerate(SPELLINGS[backend]):
        if spelling == "script" and not options["scripts"]:
            continue
        label = "%s/%s:%s" % (stem, target, spelling)
        place = os.path.join(folder, "%s-%s-%s" % (target, spelling, age))
        try:
            render(options, path, target, spelling, place)
        except RenderError as problem:
            report.fail(label, str(problem))
            continue
        if not options["all"]:
            variants = [variants[(number + turn) % len(variants)]]
        for variant in variants:
            named = label + (" (%s)" % variant if variant else "")
            why = lacking(variant)
            if why:
                report.skip(named, why)
                continue
            yield named, Ruleset(spelling, target, place, variant)


def older(path, folder):
    """Writes an older version of the policy beside it: without its last allow, with another flow."""
    document = copy.deepcopy(oracle.read_yaml(path))
    flows = document["flows"]
    allows = [flow for flow in flows if flow.get("action", "allow") == "allow"]
    if len(allows) > 1:
        flows.remove(allows[-1])
    del flows[FLOWS_OF_OLD:]
    document.pop("assertions", None)  # they name flows that are not in it, and render nothing
    near = document.get("protects") or next(iter(document["targets"].values()))["protects"]
    document["networks"] = document.get("networks") or {}
    document["networks"]["zz-gone"] = STALE_ADDRESSES
    for source, destination, name in ((near, "zz-gone", "out"), ("zz-gone", near, "in")):
        flow = dict(STALE, name="zz-gone-" + name, source=source, destination=destination)
        if flows[0].get("tags"):  # so that what selects by tags selects it too
            flow["tags"] = flows[0]["tags"]
        flows.append(flow)
    old = os.path.join(folder, "older-" + os.path.basename(path))
    with open(old, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
    if os.path.exists(path + ".lock"):
        shutil.copy(path + ".lock", old + ".lock")
    return old


def load_and_compare(report, label, ruleset, old, namespace):
    """Loads new, new again, old, new: the same each time, and nothing of others is touched."""
    ruleset.load_foreign(namespace)
    foreign = foreign_part(ruleset.stock(namespace))
    ruleset.load(namespace)
    first = ruleset.stock(namespace)
    ruleset.load(namespace)
    report_same(report, label + ": a second load changes nothing", first, ruleset.stock(namespace))
    old.load(namespace)
    if ruleset.stock(namespace) == first:
        report.fail(label + ": the older version is another one", "it is loaded as the same")
    ruleset.load(namespace)
    report_same(report, label + ": replaces an older version whole", first,
                ruleset.stock(namespace))
    report_same(report, label + ": leaves the rules of others alone", foreign,
                foreign_part(ruleset.stock(namespace)))


def report_same(report, label, expected, got):
    if expected == got:
        report.ok(label)
        return
    lost = [line[:300] for line in expected if line not in got]
    new = [line[:300] for line in got if line not in expected]
    report.fail(label, "%d rules lost, %d new%s" % (
        len(lost), len(new), "" if lost or new else ", the order differs"),
        ["- " + line for line in lost[:5]] + ["+ " + line for line in new[:5]])


def own_copy(path, folder):
    """The policy with what it includes and its lock, in a folder that may be written to."""
    around = os.path.dirname(path)
    for name in os.listdir(around):
        if name.endswith((".yaml", ".lock")):
            shutil.copy(os.path.join(around, name), folder)
    return os.path.join(folder, os.path.basename(path))


def run(report, options, folder, path):
    run_policy(report, options, folder, own_copy(path, folder))


def run_policy(report, options, folder, path):
    policy = oracle.Policy(path, options["as-of"])
    old_path = older(path, folder)
    for name in policy.targets():
        settings = policy.document["targets"][name]
        if settings["backend"] not in SPELLINGS:
            continue
        label = "%s/%s" % (os.path.basename(path)[:-5], name)
        if settings.get("names") == "native":
            continue  # its sets are empty until dnsmasq fills them: tests/dnsmasq
        target = oracle.Target(policy, name)
        run_target(report, options, folder, path, old_path, target, label)


def run_target(report, options, folder, path, old_path, target, label):
    kind = world.RouterWorld if target.forward else world.HostWorld
    plan = sweep.Sweep(target, kind.roles, "%s/%s" % (options["seed"], label), options["cap"])
    with kind(plan.protocols()) as made:
        result = sweep.Result()
        plan.run(made, result, everything_passes=True)
        report.swept(label + ": without rules everything arrives", result)
    old = {ruleset.kind + str(ruleset.variant): ruleset for _, ruleset in rulesets(
        report, options, folder, old_path, target.name, "old")}
    for named, ruleset in rulesets(report, options, folder, path, target.name, "new"):
        older_one = old.get(ruleset.kind + str(ruleset.variant))
        if older_one is None:
            continue  # reported by rulesets()
        try:
            with kind(plan.protocols()) as made:
                load_and_compare(report, named, ruleset, older_one, made.tested)
                result = sweep.Result()
                plan.run(made, result)
                plan.talk(made, result)
                report.swept(named + ": packets", result)
        except world.CommandError as problem:
            if "set type not supported" in str(problem):
                report.skip(named, "this kernel lacks a type of ipset that the rules need")
            else:
                report.fail(named, str(problem))


# ---- policies that are made

def run_made(report, options, folder, name, document):
    """Runs a policy that is not a file; the policy; it is kept where something failed."""
    path = os.path.join(folder, name + ".yaml")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
    before = report.counts["FAIL"]
    run_policy(report, options, folder, path)
    if report.counts["FAIL"] > before:
        kept = os.path.join(os.path.dirname(options["tool"]), "kernel-%s.yaml" % name)
        shutil.copy(path, kept)
        report.lines.append("    the policy is kept as " + kept)


def run_crowd(report, options, folder, name):
    crowd = crowds.CROWDS[name]()
    options = dict(options, scripts=options["all"] or crowd.scripts)
    run_made(report, options, folder, name, crowd.document)
    for target, marks in crowd.marks.items():
        text = ""
        for around, _, files in os.walk(folder):
            if os.path.basename(around).startswith(target + "-") and around.endswith("-new"):
                for file in sorted(files):
                    if not file.endswith(".json"):
                        with open(os.path.join(around, file), encoding="utf-8") as opened:
                            text += opened.read()
        label = "%s/%s: is lowered as it should be" % (name, target)
        missing = [mark for mark in marks if not re.search(mark, text)]
        if missing:
            report.fail(label, "not found in the artifact: " + ", ".join(missing))
        else:
            report.ok(label)


# ---- policies at random

def _random_range(choose):
    if choose.random() < 0.6:
        length = choose.choice((8, 12, 16, 20, 23, 24, 25, 28, 30, 31, 32, 32, 32))
        base = (10 << 24) + choose.getrandbits(16) * 256 + choose.getrandbits(8)
        base = base >> (32 - length) << (32 - length)
        return "%s/%d" % (oracle.packets.address_text(4, base), length)
    if choose.random() < 0.4:
        first = (10 << 24) + choose.getrandbits(16)
        return "%s-%s" % (oracle.packets.address_text(4, first),
                          oracle.packets.address_text(4, first + choose.randint(1, 700)))
    length = choose.choice((32, 48, 56, 64, 65, 96, 127, 128, 128))
    base = (0x20010DB8 << 96) + (choose.getrandbits(4) << 76) + choose.getrandbits(6)
    base = base >> (128 - length) << (128 - length)
    return "%s/%d" % (oracle.packets.address_text(6, base), length)


def _random_service(choose):
    def ports():
        first = choose.choice((0, 1, 22, 53, 80, 443, 1024, 8000, 65535))
        if choose.random() < 0.5 or first == 65535:
            return first
        return "%d-%d" % (first, min(65535, first + choose.choice((1, 7, 1000, 60000))))
    kind = choose.random()
    if kind < 0.7:
        found = {"protocol": choose.choice(("tcp", "udp", "sctp", ["tcp", "udp"]))}
        if choose.random() < 0.9:
            found["port"] = [ports() for _ in range(choose.choice((1, 1, 1, 2, 2, 3, 3, 20)))]
        if choose.random() < 0.2:
            found["source-port"] = ports()
        return found
    if kind < 0.8:
        return {"protocol": "icmp", "icmp-type": choose.choice((3, 8, 11, 13))}
    if kind < 0.9:
        return {"protocol": "icmpv6", "icmp-type": choose.choice((1, 3, 128))}
    return {"protocol": choose.choice(("esp", "gre", "any", 89, "tcp"))}


def random_policy(choose):
    names = ["net%d" % number for number in range(choose.randint(3, 8))]
    networks = {}
    for number, name in enumerate(names):
        members = [_random_range(choose) for _ in range(choose.choice((1, 2, 3, 6)))]
        # Every network has both families, so that no two of them can't meet: some of it lies where
        # no random range does, and nothing takes it away.
        members += ["10.%d.0.0/16" % choose.randint(0, 255), "198.18.%d.0/24" % number,
                    "2001:db8:%x::/48" % (number + 1), "2001:db9:%x::/48" % number]
        if number and choose.random() < 0.4:
            members.append(names[choose.randrange(number)])
        networks[name] = members
        if choose.random() < 0.3:
            networks[name] = {"members": members, "except": [_random_range(choose)]}
    flows = []
    for number in range(choose.choice((2, 5, 8, 12))):
        flow = {"name": "flow%d" % number, "source": choose.choice(names),
                "destination": choose.choice(names)}
        if choose.random() < 0.1:
            flow[choose.choice(("source", "destination"))] = "any"
        if number and choose.random() < 0.2:
            flow["action"] = "deny"
        if choose.random() < 0.1:
            flow["log"] = True
        flow.update(_random_service(choose))
        flows.append(flow)
    settings = {} if choose.random() < 0.6 else {"hook": "forward"}
    return {"flowrules": 1, "protects": names[:2], "networks": networks, "flows": flows,
            "targets": {"nft": dict(settings, backend="nftables"),
                        "ipt": dict(settings, backend="iptables")}}


def run_random(report, options, folder, number):
    seed = "%s/random/%d" % (options["seed"], number)
    document = random_policy(random.Random(seed))
    run_made(report, options, folder, "random%d" % number, document)
