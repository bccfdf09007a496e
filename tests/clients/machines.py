"""The files that put a ruleset of nftables onto machines: their keys are those of the specifications
(Butane fcos 1.5.0, Ignition 3.2.0, MachineConfig v1 of OpenShift), the ruleset within is the same
in each, and it is that of the format nft. Nix evaluates the module, and Ansible checks the tasks, where
they are installed.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.parse

import yaml

import yaml_loaders

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
TOOL = os.environ.get("FLOWRULES", os.path.join(ROOT, "build/flowrules"))
AS_OF = os.environ.get("AS_OF", "2026-11-23")
CASES = [("kimi-k2", "node-nft"), ("kimi-k2", "edge-nft"), ("hostile-text", "nftables")]
FORMATS = {"nft": ".nft", "butane": ".bu", "machineconfig": ".machineconfig.yaml", "nixos": ".nix",
           "ansible": ".tasks.yml"}
UNIT = {"Unit": {"Description", "Documentation", "DefaultDependencies", "Wants", "Before", "After", "PartOf",
                 "ReloadPropagatedFrom", "Conflicts"},
        "Service": {"Type", "RemainAfterExit", "ExecStart", "ExecReload"}, "Install": {"WantedBy"}}

counts = {"ok": 0, "FAIL": 0, "skip": 0}


def say(verdict, name, text=""):
    counts[verdict] += 1
    print(f"{verdict} {name}" + (f": {text}" if text else ""))


def judge(name, errors):
    say("FAIL" if errors else "ok", name, errors[0] if errors else "")


def keys(value, allowed, place):
    """Errors: a mapping has a key that its specification does not know, or lacks one that it wants (KEY!)."""
    known = {key.rstrip("!") for key in allowed}
    wanted = {key[:-1] for key in allowed if key.endswith("!")}
    if not isinstance(value, dict):
        return [f"{place} is no mapping"]
    return ([f"{place} has the key {key}" for key in value if key not in known] +
            [f"{place} has no {key}" for key in sorted(wanted - set(value))])


def unit_errors(text, target):
    errors, section = [], None
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and line.partition("=")[0] not in UNIT.get(section, ()):
            errors.append(f"the unit has the line {line!r}")
    if f"\nExecStart=/usr/sbin/nft -f /etc/flowrules/{target}.nft\n" not in text:
        errors.append("the unit does not load the file")
    # nftables.service flushes all tables when it starts and is reloaded: the unit follows it.
    for line in ("After=local-fs.target nftables.service firewalld.service", "PartOf=nftables.service",
                 "ReloadPropagatedFrom=nftables.service", "WantedBy=sysinit.target nftables.service"):
        if f"\n{line}\n" not in text:
            errors.append(f"the unit lacks the line {line!r}")
    return errors


def file_errors(file, place, contents):
    return (keys(file, ("path!", "mode", "overwrite", "contents!"), place) +
            keys(file.get("contents"), (f"{contents}!",), f"{place}.contents") +
            ([] if file.get("mode") == 0o600 else [f"{place}.mode is {file.get('mode')!r}"]))


def config_errors(config, target, contents):
    """Errors of the part that Butane and Ignition have in common."""
    file, unit = config["storage"]["files"][0], config["systemd"]["units"][0]
    return (keys(config["storage"], ("files!",), "storage") + keys(config["systemd"], ("units!",), "systemd") +
            file_errors(file, "the file", contents) +
            keys(unit, ("name!", "enabled", "contents"), "the unit") +
            ([] if unit.get("enabled") is True else ["the unit is not enabled"]) +
            ([] if unit["name"] == f"flowrules-{target}.service" else [f"the unit is called {unit['name']}"]) +
            unit_errors(unit["contents"], target))


def load(text):
    return yaml.load(text, yaml_loaders.VALUES)


def of_butane(text, target):
    """The ruleset in it, and errors."""
    config = load(text)
    errors = keys(config, ("variant!", "version!", "storage", "systemd"), "the file")
    if (config["variant"], config["version"]) != ("fcos", "1.5.0"):
        errors.append("another variant or version")
    # PyYAML reads a number with a 0 before it as octal, as Butane does.
    return config["storage"]["files"][0]["contents"]["inline"], errors + config_errors(config, target, "inline")


def of_machine_config(text, target):
    document = load(text)
    config = document["spec"]["config"]
    errors = (keys(document, ("apiVersion!", "kind!", "metadata!", "spec!"), "the object") +
              keys(document["metadata"], ("name!", "labels!"), "metadata") +
              keys(document["spec"], ("config!",), "spec") +
              keys(config, ("ignition!", "storage", "systemd"), "config") +
              config_errors(config, target, "source"))
    if config["ignition"] != {"version": "3.2.0"}:
        errors.append("another version of Ignition")
    if document["metadata"]["labels"] != {"machineconfiguration.openshift.io/role": "worker"}:
        errors.append("other labels")
    if not re.fullmatch(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?", document["metadata"]["name"]):
        errors.append("no name of an object")
    url = config["storage"]["files"][0]["contents"]["source"]
    # The characters of a URL (RFC 3986), without those that end or part one.
    if not re.fullmatch(r"data:,([A-Za-z0-9._:/-]|%[0-9A-F]{2})*", url):
        errors.append("the source is no URL of data")
    return urllib.parse.unquote(url.partition(",")[2], errors="strict"), errors


def of_tasks(text, target):
    errors, known = [], {"ansible.builtin.file", "ansible.builtin.copy", "ansible.builtin.systemd"}
    unit = None
    for task in load(text):
        errors += keys(task, ("name!", "register", *known), "a task")
        module = [key for key in task if key in known]
        errors += [] if len(module) == 1 else [f"a task has the modules {module}"]
        unit = task[module[0]].get("content", unit)
    return None, errors + unit_errors(unit or "", target)


def same(text, other):
    """Are two rulesets the same, but for the comments of their heads?"""
    def body(ruleset):
        return ruleset[ruleset.index("\nadd table "):]
    return body(text) == body(other)


def evaluate(file, target, folder):
    """What Nix makes of the text in the module."""
    expression = (f'(import {file} {{ pkgs.nftables = "/n"; config.environment.etc."flowrules/{target}.nft".source '
                  f'= "s"; }})')
    result = subprocess.run(
        ["nix-instantiate", "--store", "dummy://", "--eval", "--strict", "--json", "-E",
         f'let m = {expression}; in [ m.environment.etc."flowrules/{target}.nft".text '
         f'm.systemd.services."flowrules-{target}".serviceConfig.ExecStart '
         f'(let u = m.systemd.services."flowrules-{target}"; in [ u.wantedBy u.partOf '
         f'u.unitConfig.ReloadPropagatedFrom ]) ]'],
        capture_output=True, text=True, check=False,
        env=dict(os.environ, NIX_STATE_DIR=folder, NIX_STORE_DIR=os.path.join(folder, "store"), HOME=folder))
    return json.loads(result.stdout) if result.returncode == 0 else result.stderr


def check_nix(name, file, target, nft, folder):
    if not shutil.which("nix-instantiate"):
        say("skip", name, "nix-bin is not installed")
        return
    found = evaluate(file, target, folder)
    if isinstance(found, str):
        say("FAIL", name, found.strip().splitlines()[-1])
        return
    errors = [] if same(found[0], nft) else ["its ruleset is another one"]
    if found[1] != f"/n/bin/nft -f /etc/flowrules/{target}.nft":
        errors.append(f"it starts {found[1]!r}")
    if found[2] != [["sysinit.target", "nftables.service"], ["nftables.service"], "nftables.service"]:
        errors.append(f"it does not follow nftables.service: {found[2]!r}")
    judge(name, errors)


def check_ansible(name, file, folder):
    if not shutil.which("ansible-playbook"):
        say("skip", name, "ansible-core is not installed")
        return
    play = os.path.join(folder, "play.yml")
    with open(play, "w", encoding="utf-8") as out:
        json.dump([{"hosts": "all", "tasks": [{"ansible.builtin.import_tasks": file}]}], out)
    result = subprocess.run(["ansible-playbook", "--syntax-check", "-i", "localhost,", play],
                            capture_output=True, text=True, check=False, cwd=folder,
                            env=dict(os.environ, HOME=folder, ANSIBLE_HOME=folder, LC_ALL="C.UTF-8"))
    judge(name, [] if result.returncode == 0 else [result.stderr.strip()[:200]])


def check(case, target):
    with tempfile.TemporaryDirectory(prefix="flowrules-machines-") as folder:
        texts, policy = {}, os.path.realpath(os.path.join(ROOT, "tests/golden", case, "policy.yaml"))
        for spelling, suffix in FORMATS.items():
            inner = os.path.join(folder, spelling)
            subprocess.run([TOOL, "render", policy, "-t",
                            f"{target}:{spelling}", "-o", inner, "--as-of", AS_OF], check=True, capture_output=True)
            with open(os.path.join(inner, target + suffix), encoding="utf-8", newline="") as file:
                texts[spelling] = file.read()
        for spelling, read in (("butane", of_butane), ("machineconfig", of_machine_config), ("ansible", of_tasks)):
            ruleset, errors = read(texts[spelling], target)
            if ruleset is not None and not same(ruleset, texts["nft"]):
                errors.append("its ruleset is another one")
            judge(f"{case}/{target}.{spelling}", errors)
        with open(os.path.join(folder, "ansible", target + ".nft"), encoding="utf-8", newline="") as file:
            judge(f"{case}/{target}.ansible has the ruleset beside it",
                  [] if same(file.read(), texts["nft"]) else ["it is another one"])
        check_nix(f"{case}/{target}.nixos", os.path.join(folder, "nixos", target + ".nix"), target, texts["nft"], folder)
        check_ansible(f"{case}/{target}.ansible as Ansible reads it",
                      os.path.join(folder, "ansible", target + ".tasks.yml"), folder)


def main():
    for case, target in CASES:
        check(case, target)
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    return counts["FAIL"] > 0


if __name__ == "__main__":
    raise SystemExit(main())
