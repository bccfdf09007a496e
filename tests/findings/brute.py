"""
Random policies over a few addresses and ports: what lint says of flows that others cover, and of
denies that take nothing away, against a model of its own that tries every packet.

usage: brute.py [SEED]...     (LONG=1: many more)
"""
import json
import os
import random
import sys
import tempfile
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import expected  # noqa: E402

SOURCES = [f"10.0.0.{i}" for i in range(8)] + ["203.0.113.1"]
DESTINATIONS = [f"10.1.0.{i}" for i in range(8)] + ["203.0.113.2"]
SERVICES = [("tcp", port) for port in range(1, 11)] + [("udp", port) for port in range(1, 11)] + [("gre", 0)]
ROUNDS = 3000 if os.environ.get("LONG") else 250


class Flow:
    def __init__(self, name, chance):
        self.name = name
        self.deny = chance.random() < 0.3
        self.log = chance.random() < 0.15
        self.expires = chance.choice(["", "", "", "", "2027-01-01", "2028-01-01"])
        self.tags = chance.choice([["a"], ["a"], ["b"], ["a", "b"]])
        self.source, sources = end(SOURCES, "10.0.0", chance)
        self.destination, destinations = end(DESTINATIONS, "10.1.0", chance)
        self.service, services = service(chance)
        self.packets = set(product(sources, destinations, services))
        self.spares = []

    def yaml(self):
        parts = [f"name: {self.name}", f"source: {self.source}", f"destination: {self.destination}",
                 f"tags: [{', '.join(self.tags)}]", self.service]
        parts += ["action: deny"] * self.deny + ["log: true"] * self.log
        parts += [f"expires: {self.expires}"] * bool(self.expires)
        parts += [f"spares: [{', '.join(self.spares)}]"] * bool(self.spares)
        return "  - {" + ", ".join(parts) + "}\n"


def end(universe, prefix, chance):
    """An end as YAML, and the addresses of the universe in it."""
    if chance.random() < 0.1:
        return "any", set(range(len(universe)))
    texts, found = [], set()
    for _ in range(chance.choice([1, 1, 1, 2])):
        first = chance.randrange(8)
        last = min(7, first + chance.choice([0, 1, 3, 7]))
        texts.append(f"{prefix}.{first}-{prefix}.{last}")
        found |= set(range(first, last + 1))
    return f"[{', '.join(texts)}]", found


def service(chance):
    if chance.random() < 0.08:
        return "service: any", set(range(len(SERVICES)))
    protocol = chance.choice(["tcp", "tcp", "tcp", "udp"])
    first = chance.randrange(1, 5)
    last = first + chance.choice([0, 0, 1, 2, 5])
    found = {i for i, (own, port) in enumerate(SERVICES) if own == protocol and first <= port <= last}
    return f"protocol: {protocol}, port: {first}-{last}", found


def halves(flow, chance):
    """Two flows of which each has a part of another, and which may have all of it together."""
    made = [Flow(f"{flow.name}-{part}", chance) for part in ("low", "high")]
    cut = chance.randrange(1, 8)
    for half, first, last in ((made[0], 0, cut - 1), (made[1], cut - chance.choice([0, 0, 1]), 7)):
        half.deny, half.tags, half.service, half.source = flow.deny, flow.tags, flow.service, flow.source
        half.destination = f"[10.1.0.{first}-10.1.0.{last}]"
        half.packets = {(source, to, what) for source, _, what in flow.packets for to in range(first, last + 1)}
    return made


def make(seed):
    chance = random.Random(seed)
    flows = [Flow(f"f{i}", chance) for i in range(chance.randrange(4, 14))]
    if chance.random() < 0.4:
        flows += halves(chance.choice(flows), chance)
        chance.shuffle(flows)
    flows = [flow for flow in flows if flow.packets]
    allows = [flow.name for flow in flows if not flow.deny]
    for flow in flows:
        if flow.deny and allows and chance.random() < 0.3:
            flow.spares = sorted(chance.sample(allows, min(len(allows), chance.choice([1, 2]))))
    targets = chance.choice(["", "  t: {backend: plain}\n",
                             "  t: {backend: plain, select: {tags: [a]}}\n"
                             "  u: {backend: plain, select: {tags: [b]}}\n"])
    return flows, targets


def takers(flow, targets):
    """The targets that take a flow."""
    if "select" not in targets:
        return {"all"}
    return set(flow.tags)


def allowed(flows, target, targets):
    """The packets that a target lets pass."""
    mine = [flow for flow in flows if target in takers(flow, targets)]
    found = set()
    for allow in mine:
        if not allow.deny:
            found |= allow.packets.difference(*[deny.packets for deny in mine
                                                if deny.deny and allow.name not in deny.spares])
    return found


def may_replace(outer, inner, flows):
    if outer.deny != inner.deny or (inner.log and not outer.log):
        return False
    if (outer.expires or "9999") < (inner.expires or "9999"):
        return False
    if outer.deny:
        return set(outer.spares) <= set(inner.spares)
    return all(outer.name in deny.spares for deny in flows if deny.deny and inner.name in deny.spares)


def is_covered(flow, others, flows, targets):
    """Do others match all packets of a flow on each target that takes it?"""
    for target in takers(flow, targets):
        rest = set(flow.packets)
        for other in others:
            if other is not flow and target in takers(other, targets) and may_replace(other, flow, flows):
                rest -= other.packets
        if rest:
            return False
    return True


def takes_nothing(deny, flows, targets):
    return not any(not flow.deny and flow.name not in deny.spares and flow.packets & deny.packets and
                   takers(flow, targets) & takers(deny, targets) for flow in flows)


def check(seed, found, flows, targets):
    """What is wrong with what lint says of a policy, or None."""
    of = {kind: {item["flow"] for item in found if item["id"] == kind}
          for kind in ("FL0101", "FL0102", "FL0103", "FL0104", "FL0106")}
    covered = of["FL0101"] | of["FL0102"] | of["FL0104"]
    rest = [flow for flow in flows if flow.name not in covered]
    for target in ("all", "a", "b"):
        if allowed(flows, target, targets) != allowed(rest, target, targets):
            return f"seed {seed}: without {sorted(covered)} something else passes"
    for flow in flows:
        if flow.name in of["FL0101"] and flow.deny or flow.name in of["FL0104"] and not flow.deny:
            return f"seed {seed}: {flow.name} has the wrong kind of finding"
        if flow.name in covered and not is_covered(flow, rest, flows, targets):
            return f"seed {seed}: {flow.name} is not covered"
        if flow.name not in covered and is_covered(flow, rest, flows, targets):
            return f"seed {seed}: {flow.name} is covered, and lint does not say so"
        if flow.name in of["FL0101"] and not any(
                is_covered(flow, [other], flows, targets) for other in flows if other is not flow):
            return f"seed {seed}: no single flow covers {flow.name}"
        idle = flow.deny and not flow.log and flow.name not in covered and takes_nothing(flow, flows, targets)
        if idle != (flow.name in of["FL0103"]):
            return f"seed {seed}: that {flow.name} takes nothing away is {idle}, and lint says otherwise"
    return f"seed {seed}: FL0106" if of["FL0106"] else None


def lint(folder, text):
    """(status, findings)"""
    Path(folder, "policy.yaml").write_text(text)
    status, output, messages = expected.run(folder, "lint", "policy.yaml", "--json", "--as-of",
                                            expected.AS_OF)
    if status not in (0, 1):
        raise SystemExit(f"lint ends with {status}:\n{messages}{text}")
    return json.loads(output)["findings"]


def try_random(seeds):
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            flows, targets = make(seed)
            if not any(not flow.deny for flow in flows):
                continue
            text = "flowrules: 1\nflows:\n" + "".join(flow.yaml() for flow in flows)
            text += f"targets:\n{targets}" if targets else ""
            found = lint(folder, text)
            for item in found:
                counts[item["id"]] = counts.get(item["id"], 0) + 1
            wrong = check(seed, found, flows, targets)
            if wrong:
                return f"{wrong}\n{text}", counts
    return None, counts


def try_too_many():
    """Flows that overlap in too many ways to be compared: lint says so."""
    with tempfile.TemporaryDirectory() as folder:
        text = "flowrules: 1\nnetworks: {far: [192.0.2.0/24]}\nflows:\n"
        text += "  - {name: wide, source: 10.0.0.0-10.0.19.135, destination: far, protocol: tcp, port: 1-9}\n"
        for i in range(5000):
            text += (f"  - {{name: n{i}, source: 10.0.{i // 256}.{i % 256}, destination: far, "
                     "protocol: tcp, port: 1-9, log: true}\n")
        found = [item for item in lint(folder, text) if item["id"] == "FL0106"]
    return None if [item["flow"] for item in found] == ["wide"] else f"it says {found}"


def try_all():
    """(name, what is wrong or None) of each thing that is tried."""
    why, counts = try_random(range(1, ROUNDS + 1))
    yield f"every packet of {ROUNDS} random policies", why
    for kind in ("FL0101", "FL0102", "FL0103", "FL0104"):
        yield f"{kind} in random policies", None if counts.get(kind, 0) > 5 else f"only {counts.get(kind, 0)}"
    yield "flows that overlap in too many ways", try_too_many()


if __name__ == "__main__":
    print(try_random([int(seed) for seed in sys.argv[1:]] or range(1, ROUNDS + 1)))
