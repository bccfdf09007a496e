"""The scripts that load rules: --confirm and its ways back, open sessions, and what they refuse."""
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import live
import policies
import world

POLICY = """flowrules: 1
protects: [here]
networks:
  here: [192.0.2.1, "2001:db8:1::1"]
  there: [192.0.2.2, "2001:db8:1::2"]
  many: [%s]
flows:
  - {name: ssh, source: there, destination: here, protocol: tcp, port: 22}
  - {name: one, source: here, destination: many, protocol: udp, port: %d}
targets:
  host-nft: {backend: nftables}
  host-ipt: {backend: iptables, set-size: 2}
"""
PATIENCE = 600  # seconds for what must come about, on however slow a machine


class Script:
    """The script of a target in a namespace, with a folder for what waits."""

    def __init__(self, ruleset, namespace, state):
        self.ruleset, self.namespace, self.state = ruleset, namespace, state
        self.session = ""  # SSH_CONNECTION of the session that runs it

    def environment(self):
        return dict(self.ruleset.environment(), FLOWRULES_STATE=self.state,
                    SSH_CONNECTION=self.session)

    def command(self, arguments, folder=None):
        return ["sh", os.path.join(folder or self.ruleset.folder, self.ruleset.script())] + list(
            arguments)

    def __call__(self, *arguments, folder=None):
        """(status, messages)"""
        with self.namespace.entered():
            done = subprocess.run(self.command(arguments, folder), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                  universal_newlines=True, env=self.environment(), cwd="/")
        return done.returncode, done.stderr

    def begin(self, *arguments):
        """Starts it as a session of its own would, up to the line that says it is loaded."""
        with self.namespace.entered():
            process = subprocess.Popen(self.command(arguments), stderr=subprocess.PIPE,
                                       stdin=subprocess.DEVNULL, universal_newlines=True,
                                       env=self.environment(), start_new_session=True)
        lines = []
        for line in process.stderr:
            lines.append(line)
            if ": loaded; " in line:
                return process
        raise world.CommandError("it is not loaded: " + "".join(lines))

    def watchers(self):
        """The processes that wait to go back."""
        found = []
        for number in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % number, "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if b"--watch" in words and any(self.state.encode() in word for word in words):
                found.append(int(number))
        return found

    def stock(self):
        """All rules but those for open sessions, and the tables that a look at them makes."""
        return [line for line in self.ruleset.stock(self.namespace) if "open_sessions" not in line
                and ".open" not in line and not re.search(r":[A-Z]+ ACCEPT$", line)]


def comes_true(fact):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if fact():
            return True
        time.sleep(0.1)
    return False


class Trial:
    """Two versions of a target, the old one in force, in a namespace of its own."""

    def __init__(self, old, new, folder, loaded=True):
        self.folder, self.loaded = folder, loaded
        shutil.rmtree(os.path.join(folder, "state"), ignore_errors=True)
        shutil.rmtree(os.path.join(folder, "saved"), ignore_errors=True)
        self.namespace = world.Namespace()
        self.old, self.new = (Script(ruleset, self.namespace, os.path.join(folder, "state"))
                              for ruleset in (old, new))
        if loaded:
            self.run(self.old, "--grace", "0")
        self.before = self.old.stock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for number in self.new.watchers():
            os.kill(number, signal.SIGKILL)
        self.namespace.close()

    def run(self, script, *arguments, **more):
        status, messages = script(*arguments, **more)
        if status != 0:
            raise world.CommandError("%s: status %d: %s" % (arguments, status, messages))

    def went_back(self):
        return self.old.stock() == self.before


def kept(trial, expected):
    process = trial.new.begin("--confirm", "9999", "--grace", "0")
    if trial.went_back():
        return "the new rules are not in force"
    status, messages = trial.new("--grace", "0")
    if status != 1 or "still waits" not in messages:
        return "another load is not refused: %d %s" % (status, messages)
    trial.run(trial.old, "--keep")  # of any version of the script
    if process.wait() != 0:
        return "status %d" % process.returncode
    if not comes_true(lambda: not trial.new.watchers()):
        return "the watcher does not end"
    if trial.new.stock() != expected:
        return "what is in force is not the new version alone"
    status, messages = trial.new("--keep")
    return None if status == 1 and messages.endswith(
        ": nothing waits for a confirmation\n") else "kept twice: " + messages


def not_confirmed(trial, expected):
    process = trial.new.begin("--confirm", "1", "--grace", "0")
    status = process.wait()
    if status != 1 or "in force again" not in process.stderr.read():
        return "status %d" % status
    return None if trial.went_back() else "the old rules did not come back"


def taken_back(trial, expected):
    process = trial.new.begin("--confirm", "9999")
    trial.run(trial.new, "--back")
    if process.wait() != 1:
        return "status %d" % process.returncode
    return None if trial.went_back() else "the old rules did not come back"


def cut(number):
    def session_ended(trial, expected):
        process = trial.new.begin("--confirm", "2", "--grace", "0")
        os.killpg(process.pid, number)
        process.wait()
        return None if comes_true(trial.went_back) else "the old rules did not come back"
    return session_ended


KILLER = """#!/bin/sh
# Runs a program; the first time that it changes something, nobody of this session survives it.
case " $* " in *" --test "* | *" -c "* | *" list "*) exec %(real)s "$@" ;; esac
[ ! -e %(flag)s ] || exec %(real)s "$@"
: >%(flag)s
%(real)s "$@"
kill -9 0
"""


def killed_while_loading(trial, expected):
    """By the program that loads the last of it, at once behind that."""
    variable = "NFT" if trial.new.ruleset.kind == "nft" else "IP6TABLES_RESTORE"
    real = trial.new.environment().get(variable, "nft")
    killer, flag = (os.path.join(trial.folder, name) for name in ("killer", "flag"))
    with open(killer, "w") as file:
        file.write(KILLER % {"real": real, "flag": flag})
    os.chmod(killer, 0o755)
    if os.path.exists(flag):
        os.remove(flag)
    with trial.namespace.entered():
        process = subprocess.Popen(
            trial.new.command(("--confirm", "9999", "--grace", "0")), start_new_session=True,
            stderr=subprocess.DEVNULL, env=dict(trial.new.environment(), **{variable: killer}))
    process.wait()
    if not os.path.exists(flag):
        return "it was not killed"
    if not comes_true(lambda: not trial.new.watchers()):
        return "nobody goes back"
    return None if trial.went_back() else "the old rules did not come back"


def restarted(trial, expected):
    """What is lost: processes, rules, sets, /run. What is left: files. The old version was saved."""
    saved = os.path.join(trial.folder, "saved")
    trial.run(trial.old, "--save", saved, "--grace", "0")
    trial.new.begin("--confirm", "9999", "--save", saved).kill()
    for number in trial.new.watchers():
        os.kill(number, signal.SIGKILL)
    shutil.rmtree(trial.new.state)
    trial.namespace.close()
    trial.namespace = trial.new.namespace = trial.old.namespace = world.Namespace()
    trial.run(trial.old, "--grace", "0", folder=saved)
    if not trial.went_back():
        return "what was not confirmed came back"
    process = trial.new.begin("--confirm", "9999", "--save", saved)
    trial.run(trial.new, "--keep")
    process.wait()
    trial.namespace.close()
    trial.namespace = trial.new.namespace = world.Namespace()
    trial.run(trial.new, "--grace", "0", folder=saved)
    return None if trial.new.stock() == expected else "what was confirmed was not saved"


def tried(trial, expected):
    for script in (trial.new, trial.old):
        trial.run(script, "--dry-run")
        if not trial.went_back():
            return "--dry-run changed something"
    return None


def mixed(trial, expected):
    """A file of the old version beside the new script, as a broken copy leaves it."""
    if trial.new.ruleset.kind == "script":
        return None
    place = os.path.join(trial.folder, "mixed")
    shutil.copytree(trial.new.ruleset.folder, place)
    suffix = {"nft": ".nft", "restore": ".v4.rules"}[trial.new.ruleset.kind]
    shutil.copy(os.path.join(trial.old.ruleset.folder, trial.old.ruleset.target + suffix), place)
    status, messages = trial.new(folder=place)
    shutil.rmtree(place)
    if status != 1 or "is not the file that this script was written with" not in messages:
        return "status %d: %s" % (status, messages)
    return None if trial.went_back() else "something was loaded"


TRIALS = (
    ("confirmed from a new session", kept, True), ("not confirmed", not_confirmed, True),
    ("not confirmed, and nothing before", not_confirmed, False), ("--back", taken_back, True),
    ("--back, and nothing before", taken_back, False),
    ("the script is killed", cut(signal.SIGKILL), True),
    ("it is killed while it loads", killed_while_loading, True),
    ("the session is cut", cut(signal.SIGHUP), True),
    ("a restart before the confirmation, and after it", restarted, True),
    ("--dry-run", tried, True), ("--dry-run, and nothing before", tried, False),
    ("files of two versions", mixed, True),
)


def _wrong(trial, old, new, folder, loaded, expected):
    try:
        with Trial(old, new, folder, loaded) as made:
            return trial(made, expected)
    except world.CommandError as problem:
        return str(problem)


def _stock_of(ruleset, folder):
    namespace = world.Namespace()
    script = Script(ruleset, namespace, os.path.join(folder, "none"))
    status, messages = script("--grace", "0")
    if status != 0:
        raise world.CommandError(messages)
    found = script.stock()
    namespace.close()
    return found


# ---- open sessions -----------------------------------------------------------------------------

class Session:
    """A TCP session from there to here, port 22."""

    def __init__(self, pair, family):
        address = live.HERE[family]
        with pair.tested.entered():
            self.listener = socket.socket(live._family(address), socket.SOCK_STREAM)
        with pair.peer.entered():
            self.client = socket.socket(live._family(address), socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, 22))
        self.listener.listen(1)
        self.client.settimeout(PATIENCE)
        self.client.connect((address, 22))
        self.server, _ = self.listener.accept()

    def close(self):
        for part in (self.client, self.server, self.listener):
            part.close()

    def says(self, speaker, hearer, wait):
        speaker.sendall(b"word")
        hearer.settimeout(wait)
        try:
            return hearer.recv(16) == b"word"
        except OSError:
            return False

    def lives(self, server_first, expected):
        ends = (self.server, self.client) if server_first else (self.client, self.server)
        wait = live.PATIENCE[expected]
        return self.says(*ends, wait) and self.says(*reversed(ends), wait)


def _session_wrong(script, load, family, server_first, expected):
    with live.Pair([]) as pair:
        script.namespace = pair.tested
        session = Session(pair, family)
        load()
        lives = session.lives(server_first, expected)
        session.close()
        return None if lives == expected else "it %s" % ("lives on" if lives else "ends")


def _is_over(script):
    """Has the kernel ended what lets open sessions pass?"""
    if script.ruleset.kind == "nft":
        listing = script.namespace.run(["nft", "list", "set", "inet", "flowrules_host-nft",
                                        "open_sessions"])
        return "elements" not in listing
    return "timeout" not in script.namespace.run(["ipset", "list", "FR-host-ipt.open4"]).split(
        "Members:")[1]


def _closes(script):
    with live.Pair([]) as pair:
        script.namespace = pair.tested
        active, idle = Session(pair, 0), None
        idle = Session.__new__(Session)
        with pair.peer.entered():
            idle.client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        idle.client.connect((live.HERE[0], 22))
        idle.server, _ = active.listener.accept()
        status, messages = script("--grace", "30")
        if status != 0:
            return messages
        if not active.lives(True, True):
            return "the session that spoke in time ended"
        if not comes_true(lambda: _is_over(script)):
            return "it is not over in time"
        if not active.lives(False, True):
            return "the session that is known ended"
        if idle.lives(True, False):
            return "a session that nobody knew passes behind the time"
        status, messages = script()
        if status != 0 or "that are open pass" in messages:
            return "the second load: " + messages
        if any("open_sessions" in line or ".open" in line
               for line in script.ruleset.stock(script.namespace)):
            return "the second load leaves the way for open sessions"
        active.close()
        return None


def _sessions(report, label, script):
    for family in (0, 1):
        for server_first in (True, False):
            what = "%s: an open session of IPv%d, %s" % (
                label, 6 if family else 4, "this side first" if server_first else "that side first")
            told(report, what + ", passes", _session_wrong(
                script, lambda: script(), family, server_first, True))
    told(report, label + ": with --grace 0 it ends", _session_wrong(
        script, lambda: script("--grace", "0"), 0, True, False))
    told(report, label + ": the way for open sessions closes by itself", _closes(script))


def told(report, name, wrong):
    if wrong:
        report.fail(name, wrong)
    else:
        report.ok(name)


def _versions(report, options, folder, target):
    """(label, old ruleset, new ruleset) of each spelling."""
    found = []
    for age, addresses, port in (("old", "198.51.100.1, 198.51.100.9, 203.0.113.7", 53),
                                 ("new", "198.51.100.1, 198.51.100.9, 203.0.113.99", 123)):
        path = os.path.join(folder, "confirm.yaml")
        with open(path, "w") as file:
            file.write(POLICY % (addresses, port))
        found.append(list(policies.rulesets(report, options, folder, path, target, age)))
    return [(label, old, new) for (label, old), (_, new) in zip(*found)]


def run(report, options, folder, target):
    for label, old, new in _versions(report, options, folder, target):
        expected = _stock_of(new, folder)
        for what, trial, loaded in TRIALS:
            told(report, "%s: %s" % (label, what),
                 _wrong(trial, old, new, folder, loaded, expected))
        _sessions(report, label, Script(new, None, os.path.join(folder, "sessions")))
