"""
Writes a new version of a set of files over an old one, ended at each step, and looks at it: what render
writes, and what each other verb does.
"""
import json
import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys

TOOL, SCRATCH = sys.argv[1:3]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WHY = {"fail": "Input/output error", "full": "No space left on device"}
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


def strike(how, step, act, *arguments):
    """What an act gives whose call number step fails; and whether it came that far."""
    mark = path("struck")
    if os.path.exists(mark):
        os.remove(mark)
    given = act(*arguments, LD_PRELOAD=STEPS, STEPS=how, STEPS_AT=str(step), STEPS_STRUCK=mark)
    return given, os.path.exists(mark)


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
        (status, _, messages), struck = strike(how, step, render, "policy.yaml", "work")
        wrong, between = look(old, new)
        mixed += between
        ended = status == -signal.SIGKILL if how == "kill" else status == 6
        if not wrong and how != "kill" and ended and between:
            wrong = "the set is mixed after a failure: %s" % messages
        if not wrong and how != "kill" and ended and ("error: cannot" not in messages or WHY[how] not in messages):
            wrong = "nothing is told of the failure: %s" % messages
        if not wrong and status == 0 and read_set("work") != new:
            wrong = "status 0, and not the new set"
        if not wrong and not ended and status != 0:
            wrong = "status %d: %s" % (status, messages)
        wrong = wrong or render_again(new)
        if wrong:
            told("%s at step %d" % (how, step), wrong)
            return
        if not struck:
            break
    told("%s at each of %d steps" % (how, step - 1),
         None if 60 < step < MOST - 1 else "too few, or without end")
    if how == "kill":
        told("kill between the sets", None if mixed else "no kill found the set mixed")


# ---- the other verbs that write ------------------------------------------------------------------


def run(arguments, folder, **environment):
    """(status, standard output, messages)"""
    done = subprocess.run([TOOL] + arguments + ["--as-of", "2026-11-23"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, cwd=path(folder),
                          env=dict(os.environ, LC_ALL="C", **environment))
    return done.returncode, done.stdout, done.stderr


def fresh(folder):
    shutil.rmtree(path(folder), ignore_errors=True)
    shutil.copytree(path(folder + "-old"), path(folder), symlinks=True)


def sets_of(folder):
    """What is to be seen in a folder and in those in it: name to bytes."""
    found = {}
    for place, _, names in os.walk(path(folder)):
        for name in names:
            if name[0] != ".":
                with open(os.path.join(place, name), "rb") as file:
                    found[os.path.relpath(os.path.join(place, name), path(folder))] = file.read()
    return found


def litter(folder):
    return [name for _, _, names in os.walk(path(folder)) for name in names
            if name[0] == "." and name.endswith(".tmp")]


def wrong_after(how, status, messages, found, old, new, left):
    """Why what one file or several are after a failure is wrong, or None."""
    if status == -signal.SIGKILL and how == "kill":
        torn = [name for name in found if found[name] not in (old.get(name), new.get(name))]
        return "torn: %s" % torn if torn or (len(new) == len(old) and found not in (old, new)) else None
    if status == 0:
        return None if found == new else "status 0, and not the new files"
    if status != 6 or how == "kill":
        return "status %d: %s" % (status, messages)
    if left or found != (new if "' is written, but a power failure" in messages else old):
        return "status 6, and other files: %s%s" % (left, messages)
    return None if ": cannot " in messages and WHY[how] in messages else "it is not told: %s" % messages


def try_verb(name, line, folder, least):
    """A verb that replaces one file, or makes a set of files."""
    arguments = shlex.split(line)
    old = sets_of(folder + "-old")
    fresh(folder)
    usual = run(arguments, folder)
    new = sets_of(folder)
    if usual[0] != 0 or old == new:
        told(name, "it writes nothing: %d %s" % (usual[0], usual[2]))
        return
    for how in ("kill", "fail", "full"):
        wrong = None
        for step in range(1, MOST):
            fresh(folder)
            (status, _, messages), struck = strike(how, step, run, arguments, folder)
            wrong = wrong_after(how, status, messages, sets_of(folder), old, new, litter(folder))
            if wrong or not struck:
                break
            if run(arguments, folder)[0] != 0 or sets_of(folder) != new or litter(folder):
                wrong = "once more, it does not make the new files"
                break
        told("%s: %s at each of %d steps" % (name, how, step - 1),
             "step %d: %s" % (step, wrong) if wrong else None if least < step < MOST - 1 else "too few, or without end")
    fresh(folder)
    told("%s: short writes" % name,
         None if run(arguments, folder, LD_PRELOAD=STEPS, STEPS="short") == usual and sets_of(folder) == new
         else "it writes something else")


def limited():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def try_limit(name, line, folder):
    """A file that can't have more than 100 bytes, by the kernel itself: a write is cut, the next one fails."""
    fresh(folder)
    old = sets_of(folder)
    done = subprocess.run([TOOL] + shlex.split(line) + ["--as-of", "2026-11-23"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, cwd=path(folder), preexec_fn=limited,
                          env=dict(os.environ, LC_ALL="C"))
    good = (done.returncode == 6 and done.stderr.startswith("flowrules: error: cannot write '") and
            "File too large" in done.stderr and sets_of(folder) == old and not litter(folder))
    told("%s: no file may be as long" % name, None if good else "%d %s" % (done.returncode, done.stderr))


def serve():
    """A DNS server that knows one name: the process, and its address."""
    write("zone.json", json.dumps({"a.example": {"A": ["8.8.8.8"]}}))
    server = subprocess.Popen([sys.executable, os.path.join(ROOT, "tests", "resolve", "server.py"), path("zone.json")],
                              stdout=subprocess.PIPE, universal_newlines=True)
    return server, "127.0.0.1:" + server.stdout.readline().strip()


def other_verbs():
    named = (POLICY % (443, "x")).replace("there: [192.0.2.2]", "there: [a.example]")
    for folder in ("fmt-old", "init-old", "report-old", "resolve-old"):
        os.mkdir(path(folder))
    write("fmt-old/p.yaml", (POLICY % (443, "x")).replace("flowrules: 1", "flowrules:   1"))
    write("report-old/p.yaml", POLICY % (443, "x"))
    write("resolve-old/p.yaml", named)
    write("resolve-old/p.yaml.lock", json.dumps({"flowrules-lock": 1, "names": {}}))
    server, address = serve()
    lines = {"fmt": "fmt p.yaml", "report": "report p.yaml -o out -q", "init": "init p.yaml",
             "resolve": "resolve p.yaml --tries 1 --server " + address}
    try:
        for name, least in (("fmt", 5), ("report", 20), ("resolve", 5)):
            try_verb(name, lines[name], name, least)
        for name, line in lines.items():
            try_limit(name, line, name)
    finally:
        server.kill()
        server.wait()


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
    end_at_each_step("full", old, new)
    others_are_told(old)
    two_cases()
    many_files()
    other_verbs()
    print("%(passed)d passed, %(failed)d failed, 0 skipped" % counts)
    sys.exit(1 if counts["failed"] else 0)


main()
