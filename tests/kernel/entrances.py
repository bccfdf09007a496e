"""The scripts that load rules refuse to shut out the session that runs them: here the rules are
loaded, and the peers of such sessions knock. What they answer is tests/entrances."""
import os

import live
import policies
from confirm import Script, told

# Two peers; the older version lets both in, the newer one lets in one of them.
POLICY = """flowrules: 1
protects: [here]
networks:
  here: [192.0.2.1, "2001:db8:1::1"]
  welcome: [192.0.2.2, "2001:db8:1::2"]
  unwelcome: [192.0.2.3, "2001:db8:1::3"]
flows:
  - {name: ssh, source: [%s], destination: here, protocol: tcp, port: 22}
targets:
  host-nft: {backend: nftables}
  host-ipt: {backend: iptables}
"""
WELCOME, UNWELCOME = live.THERE, ("192.0.2.3", "2001:db8:1::3")
OPTION = "--locked-out-is-fine"

class Trial(live.Pair):
    """The two machines, and the newer version's script; the older one is in force, or nothing."""

    def __init__(self, old, new, loaded):
        super().__init__([])
        self.script = Script(new, self.tested, os.path.join(new.folder, "state"))
        if loaded:
            old.load(self.tested)

    def build(self):
        super().build()
        self.peer.ip("addr add %s/24 dev p0\n6 addr add %s/64 dev p0 nodad" % UNWELCOME)

    def opens(self, family, peer, expected):
        """Can this peer open a TCP connection to port 22, and talk?"""
        return live.tcp(self.peer, self.tested, live.HERE[family], 22, live.PATIENCE[expected],
                        peer[family])

    def knock(self, unwelcome):
        """Who can open a connection, where that is not as expected; or None."""
        for family in (0, 1):
            for peer, expected in ((WELCOME, True), (UNWELCOME, unwelcome)):
                if self.opens(family, peer, expected) != expected:
                    return "%s %s open a connection" % (
                        peer[family], "can't" if expected else "can")
        return None

    def run(self, client, server, *options):
        """(status, messages) of the script, run by a session from there."""
        self.script.session = "%s 50000 %s 22" % (client, server)
        return self.script(*options)


def refused(trial, family):
    wrong = trial.knock(unwelcome=True)
    if wrong:
        return "before: " + wrong
    before, client = trial.script.stock(), UNWELCOME[family]
    status, messages = trial.run(client, live.HERE[family])
    if status != 1 or "these rules shut you out: nobody at %s " % client not in messages:
        return "status %d: %s" % (status, messages)
    if trial.script.stock() != before:
        return "the rules in force are others"
    return trial.knock(unwelcome=True)


def loads(client, *options):
    """Whoever shuts himself out is told so."""
    def trial_of_load(trial, family):
        status, messages = trial.run(client[family], live.HERE[family], *options)
        if status != 0 or ("shut you out" in messages) != (client is UNWELCOME):
            return "status %d: %s" % (status, messages)
        return trial.knock(unwelcome=False)
    return trial_of_load


# What is tried one after the other between two machines, behind the older version or nothing.
TRIALS = (
    (True, (("the peer whom they shut out is refused", refused, (0, 1)),
            ("the peer whom they let in loads them", loads(WELCOME), (0, 1)))),
    (False, (("nothing before: the peer whom they shut out is refused", refused, (0, 1)),
             ("nothing before: the peer whom they let in loads them", loads(WELCOME), (1,)))),
    (True, ((OPTION + ": the peer is shut out", loads(UNWELCOME, OPTION), (0, 1)),)),
)


def _try_all(report, label, old, new):
    for loaded, steps in TRIALS:
        with Trial(old, new, loaded) as made:
            for what, step, families in steps:
                for family in families:
                    told(report, "%s: %s, IPv%d" % (label, what, 6 if family else 4),
                         step(made, family))


def _versions(report, options, folder, target):
    """(label, older ruleset, newer ruleset) of each spelling with each program."""
    found = []
    for age, peers in (("old", "welcome, unwelcome"), ("new", "welcome")):
        path = os.path.join(folder, "entrances.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(POLICY % peers)
        found.append(list(policies.rulesets(report, options, folder, path, target, age)))
    return [(label, old, new) for (label, old), (_, new) in zip(*found)]


def run(report, options, folder, target):
    for label, old, new in _versions(report, options, folder, target):
        _try_all(report, label, old, new)
