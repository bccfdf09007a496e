"""The words of this suite, as in tests/suite.sh; the tool, the shells, and folders of few programs."""

import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FLOWRULES = os.environ.get("FLOWRULES") or os.path.join(ROOT, "build", "flowrules")
SHELLS = {"dash": ["/bin/dash"], "bash": ["/bin/bash", "--posix"], "busybox": ["/bin/busybox", "sh"]}
counts = {"ok": 0, "FAIL": 0, "skip": 0}


def tell(word, name, why=""):
    counts[word] += 1
    print(f"{word} {name}" + (f": {why}" if why else ""), flush=True)


def check(name, good, why, shown=""):
    tell("ok" if good else "FAIL", name, "" if good else why)
    if not good and shown:
        print("".join("    " + line + "\n" for line in str(shown).splitlines()[:40]), end="", flush=True)


def skip(name, why):
    tell("skip", name, why)


def finish():
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    return 1 if counts["FAIL"] else 0


def shells():
    """Those that are installed; a missing one is told once."""
    there = {}
    for name, command in SHELLS.items():
        if os.path.exists(command[0]):
            there[name] = command
        else:
            skip(f"shell-{name}", f"{command[0]} is not installed")
    return there


def flowrules(*arguments, policy=None):
    """What flowrules probe does: status, output, messages."""
    done = subprocess.run([FLOWRULES, "probe", "--as-of", "2026-11-23", *arguments],
                          input=policy, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def folder_of(path, programs):
    """A folder for PATH that holds these programs alone: names, or (name, program)."""
    os.makedirs(path)
    for program in programs:
        name, target = program if isinstance(program, tuple) else (program, shutil.which(program))
        os.symlink(target, os.path.join(path, name))
    return path


def run_script(shell, script, path, *arguments, environment=None, folder=None):
    """Runs a script of that text with only what a folder holds."""
    done = subprocess.run([*shell, "-s", "--", *arguments], input=script, capture_output=True,
                          env={"PATH": path, **(environment or {})}, cwd=folder, text=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def flow_lines(output):
    """The verdict and the rest of each flow's line, by the flow's name."""
    found = re.findall(r"^(ok|WARN|FAIL|SKIP|none) +([^:]*): (.*)$", output, re.M)
    return {name: (verdict, rest) for verdict, name, rest in found}
