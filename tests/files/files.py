"""Writes a new version of a set of files over an old one, ended at each step, and looks at it."""
import json
import os
import shutil
import signal
import subprocess
import sys

TOOL, SCRATCH = sys.argv[1:3]
STEPS = os.path.join(SCRATCH, "steps.so")
MANIFEST = ".flowrules-manifest.json"
MOST = 400  # steps; a set of a dozen files takes about 110
POLICY = """flowrules: 1
protects: [here]
networks: {here: [192.0.2.1], there: [192.0.2.2]}
flows:
  - {name: web, source: here, destination: there, protocol: tcp, port: %d}
targets:
  n: {backend: nftables}
  r: {backend: iptables}
  %s: {backend: iptables, format: script}
"""
FOREIGN = {"notes.txt": "mine\n", "other.nft": "table inet other { }\n", "a.tmp": "mine too\n"}
counts = {"passed": 0, "failed": 0}


def told(name, why=None):
    counts["failed" if why else "passed"] += 1
    print("FAIL %s: %s" % (name, why) if why else "ok " + name, flush=True)


def path(*names):
    return os.path.join(SCRATCH, *names)


def render(policy, folder, *arguments, **environment):
    """(status, standard output, messages)"""
    done = subprocess.run(
        [TOOL, "render", policy, "-o", folder, "--as-of", "2026-11-23", "--no-verify"] + list(arguments),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, cwd=SCRATCH,
        env=dict(os.environ, LC_ALL="C", **environment))
    return done.returncode, done.stdout, done.stderr


def write(name, text):
    with open(path(name), "w") as file:
        file.write(text)


def read_set(folder):
    """What is in a folder for everybody to see: name to bytes."""
    found = {}
    for name in os.listdir(path(folder)):
        if not name.startswith("."):
            with open(path(folder, name), "rb") as file:
                found[name] = file.read()
    return found


def manifest(folder):
    with open(path(folder, MANIFEST)) as file:
        return json.load(file)["files"]


def leftovers(folder):
    return [name for name in os.listdir(path(folder)) if name.endswith(".tmp") and name[0] == "."]


def says_so(folder, old, new):
    """Does the manifest say of each file which is not of the old set that it is changing?"""
    found = read_set(folder)
    changing = {entry["name"] for entry in manifest(folder) if entry.get("changing")}
    return all(name in changing for name in set(old) | set(new)
               if found.get(name) != old.get(name) or found.get(name) != new.get(name))


def start_over():
    shutil.rmtree(path("work"), ignore_errors=True)
    shutil.copytree(path("old"), path("work"), symlinks=True)


def look(old, new):
    """What is wrong with the folder, or None; and whether it is between the sets."""
    found = read_set("work")
    torn = [name for name in found if found[name] not in (old.get(name), new.get(name))]
    if torn:
        return "%s is neither old nor new" % torn, False
    if any(found.get(name) != text.encode() for name, text in FOREIGN.items()):
        return "a foreign file was touched", False
    mixed = found not in (old, new)
    if mixed and not says_so("work", old, new):
        return "the set is mixed, and the manifest does not say so", mixed
    return None, mixed


def render_again(new):
    """Why rendering once more does not make the set whole, or None."""
    status, _, messages = render("policy.yaml", "work")
    if status != 0:
        return "rendering again ends with %d: %s" % (status, messages)
    if read_set("work") != new:
        return "rendering again does not make the new set"
    if leftovers("work"):
        return "rendering again leaves %s" % leftovers("work")
    if any(entry.get("changing") for entry in manifest("work")):
        return "rendering again leaves files that are changing"
    return None


def end_at_each_step(how, old, new):
    mixed = 0
    for step in range(1, MOST):
        start_over()
        status, _, messages = render("policy.yaml", "work", LD_PRELOAD=STEPS, STEPS=how,
                                     STEPS_AT=str(step))
        wrong, between = look(old, new)
        mixed += between
        ended = status == -signal.SIGKILL if how == "kill" else status == 6
        if not wrong and how == "fail" and ended and between:
            wrong = "the set is mixed after a failure: %s" % messages
        if not wrong and how == "fail" and ended and "error: cannot" not in messages:
            wrong = "nothing is told of the failure: %s" % messages
        if not wrong and status == 0 and read_set("work") != new:
            wrong = "status 0, and not the new set"
        if not wrong and not ended and status != 0:
            wrong = "status %d: %s" % (status, messages)
        wrong = wrong or render_again(new)
        if wrong:
            told("%s at step %d" % (how, step), wrong)
            return
        if status == 0 and (how == "kill" or step > 150):
            break
    told("%s at each step" % how, None if step < MOST - 1 else "it has no end")
    if how == "kill":
        told("kill between the sets", None if mixed else "no kill found the set mixed")


def kill_in_the_middle(old):
    """Leaves a mixed set: the step at which something new is there first."""
    for step in range(1, MOST):
        start_over()
        render("policy.yaml", "work", LD_PRELOAD=STEPS, STEPS="kill", STEPS_AT=str(step))
        if read_set("work") != old:
            return


def others_are_told(old):
    kill_in_the_middle(old)
    status, output, messages = render("policy.yaml", "work", "-t", "n")
    expected = ("warning: an earlier run that wrote into 'work' was interrupted: the files of target '%s' "
                "may have two versions; render it from '../policy.yaml' again\n")
    rest = messages.replace(expected % "new", "").replace(expected % "r", "").replace(
        expected % "gone", "")
    told("what stays mixed is told", None if status == 0 and expected % "r" in messages and
         "interrupted" not in rest and "n.nft" in output else messages)


def two_cases():
    write("cases.yaml", POLICY.replace("  r: {backend: iptables}", "  N: {backend: nftables}")
          % (443, "x"))
    status, _, messages = render("cases.yaml", "cases", "-q", LD_PRELOAD=STEPS, STEPS="fold")
    expected = ("flowrules: error: 'n.nft' and 'N.nft' are the same file in 'cases', since its file "
                "system ignores upper and lower case; nothing is written. Rename target 'n' "
                "or 'N'\n")
    told("one file for two targets is refused",
         None if (status, messages) == (6, expected) and not os.path.exists(path("cases"))
         else "%d %s" % (status, messages))
    status, _, messages = render("cases.yaml", "cases", "-q")
    told("two files for two targets are not", None if status == 0 else messages)


def many_files():
    """More than 64 are synced at once: before one of them is in its place."""
    targets = "".join("  t%d: {backend: nftables}\n" % i for i in range(40))
    write("many.yaml", POLICY % (443, "x") + targets)
    status, _, messages = render("many.yaml", "many", "-q", LD_PRELOAD=STEPS, STEPS="sync")
    expected = "flowrules: error: cannot write 'many': Input/output error\n"
    told("many files that cannot be synced are not written",
         None if (status, messages) == (6, expected) and not os.path.exists(path("many"))
         else "%d %s" % (status, messages))
    status, output, messages = render("many.yaml", "many", "-q")
    told("many files that can be are", None if status == 0 and "wrote many/t39.nft" in output and
         not leftovers("many") and len(manifest("many")) == output.count("wrote ") else messages)


def main():
    write("policy.yaml", POLICY % (443, "gone"))
    render("policy.yaml", "old")
    for name, text in FOREIGN.items():
        write(os.path.join("old", name), text)
    write("policy.yaml", POLICY % (8443, "new"))
    shutil.copytree(path("old"), path("work"))
    status, output, _ = render("policy.yaml", "work")
    old, new = read_set("old"), read_set("work")
    told("what is no longer made is removed, and told",
         None if status == 0 and
         output.endswith("removed work/gone.map.json\nremoved work/gone.sh\n") else output)
    end_at_each_step("kill", old, new)
    end_at_each_step("fail", old, new)
    others_are_told(old)
    two_cases()
    many_files()
    print("%(passed)d passed, %(failed)d failed, 0 skipped" % counts)
    sys.exit(1 if counts["failed"] else 0)


main()
