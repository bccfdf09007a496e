"""
Imports of generated configurations: each is imported, and the policy that comes of it is
rendered and verified, against its own source and against its own rendering.

    tests/import/BACKEND.py   generate(rng) -> (files, options): files is a list of (name, text),
                              options is a list of arguments of import beside them;
                              count_rules(files), where rules aren't lines: the rules of the files

An import ends with 0, or with 1 and at least one doubt that is named, and then, and only then, may
verify say "unknown" of the source. The rendering is always
equal to the policy: where import ended with 0 it renders, and where it ended with 1 too.

usage: tests/import/run [BACKEND | BACKEND/SEED]...
  ROUNDS=N   seeds for each backend (8; with PART=slow: 100; with LONG=1: 1000)
  SEED=N     the first of them (0)
  KEEP=DIR   the files of each case go there, and stay
The log has one line for each backend, with the lines of YAML for each rule that was read.
"""
import importlib.util
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / os.environ.get("BUILD", "build")
TOOL = ROOT / os.environ.get("FLOWRULES", BUILD / "flowrules")
AS_OF = "2026-11-23"
FAILURES_SHOWN = 5


class Failure(Exception):
    """What went wrong with one configuration."""


def load(backend):
    spec = importlib.util.spec_from_file_location("import_" + backend, HERE / f"{backend}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(folder, *arguments):
    """Runs the tool; a crash and a sanitizer's report are failures."""
    done = subprocess.run([TOOL, *arguments], cwd=folder, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    crashed = done.returncode < 0 or done.returncode > 6
    if crashed or re.search(r"Sanitizer|runtime error:", done.stderr):
        raise Failure(f"{arguments[0]} broke down, status {done.returncode}\n{done.stderr}")
    return done


def targets_of(policy):
    """The names of the targets, in order: the keys of the mapping that the policy ends with."""
    return re.findall(r"^  ([\w-]+):", policy[policy.index("\ntargets:"):], re.MULTILINE)


def verdict_of(folder, target, files):
    """The verdict of a target against files."""
    done = run(folder, "verify", "policy.yaml", "-t", target, "--as-of", AS_OF, "--json", *files)
    if done.returncode > 1:
        raise Failure(f"verify -t {target} ends with {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)["verdict"]


def expect(folder, target, files, allowed, what):
    verdict = verdict_of(folder, target, files)
    if verdict not in allowed:
        text = run(folder, "verify", "policy.yaml", "-t", target, "--as-of", AS_OF, *files)
        raise Failure(f"{target} against {what}: {verdict}\n{text.stdout}{text.stderr}")


def check_renderings(folder, targets):
    """All targets render, and what comes of each, of one file or more, is equal to it."""
    for target in targets:
        rendered = folder / f"rendered-{target}"
        done = run(folder, "render", "policy.yaml", "-t", target, "--as-of", AS_OF, "-o", rendered)
        if done.returncode != 0:
            raise Failure(f"render -t {target} ends with {done.returncode}\n{done.stderr}")
        there = [p for p in rendered.iterdir() if not p.name.startswith(".")]  # no manifest
        files = sorted(str(p.relative_to(folder)) for p in there
                       if not p.name.endswith((".map.json", ".apply.sh")))
        if not files:  # a security group that lets nothing in has no call
            files = [str(p.relative_to(folder)) for p in there]
        expect(folder, target, files, ["equal"], "its rendering")


def check(backend, seed, folder):
    """Takes one configuration there and back; returns the lines of YAML and the rules read."""
    module = load(backend)
    files, options = module.generate(random.Random(f"{backend} {seed}"))
    for name, text in files:
        (folder / name).write_text(text)
    names = [name for name, _ in files]
    done = run(folder, "import", backend, "--as-of", AS_OF, *options, *names)
    if done.returncode == 4 and "it has no rules, so everything passes" in done.stderr:
        return 0, 0, 0  # nothing that a policy could say
    if done.returncode not in (0, 1):
        raise Failure(f"import ends with {done.returncode}\n{done.stderr}")
    if done.returncode == 1 and "not understood" not in done.stderr:
        raise Failure(f"import ends with 1 and names no doubt\n{done.stderr}")
    (folder / "policy.yaml").write_text(done.stdout)
    targets = targets_of(done.stdout)
    allowed = ["equal"] if done.returncode == 0 else ["equal", "unknown"]
    for target in targets:
        expect(folder, target, names, allowed, "its source")
    check_renderings(folder, targets)
    count_rules = getattr(module, "count_rules", count_lines)
    return done.stdout.count("\n"), count_rules(files), done.returncode


def count_lines(files):
    return sum(1 for _, text in files for line in text.splitlines() if line.strip())


def attempt(backend, seed):
    """One seed in a folder of its own: (seed, what went wrong or None, YAML lines, rules, status)."""
    keep = os.environ.get("KEEP")
    if keep:
        folder = Path(keep) / f"{backend}-{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    else:
        folder = Path(tempfile.mkdtemp(prefix="flowrules-import."))
    try:
        return (seed, None, *check(backend, seed, folder))
    except Failure as failure:
        return seed, str(failure), 0, 0, 0
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def run_backend(pool, backend, seeds):
    """Prints a line for each failure and one for the backend; returns passes and failures."""
    results = list(pool.map(attempt, [backend] * len(seeds), seeds, chunksize=4))
    failed = [r for r in results if r[1] is not None]
    for seed, why, *_ in failed[:FAILURES_SHOWN]:
        first, _, rest = why.partition("\n")
        print(f"FAIL {backend}/{seed}: {first}")
        print("".join(f"    {line}\n" for line in rest.splitlines()[:40]), end="")
    yaml, rules = sum(r[2] for r in results), sum(r[3] for r in results)
    doubted = sum(1 for r in results if r[4] == 1)
    if len(failed) > FAILURES_SHOWN:
        print(f"FAIL {backend}: {len(failed)} of {len(results)} failed: "
              + " ".join(str(r[0]) for r in failed))
    if not failed:
        print(f"ok {backend}: {len(results)} configurations, {doubted} with doubts, "
              f"{yaml / max(rules, 1):.2f} lines of YAML for each rule")
    sys.stdout.flush()
    return (1, 0) if not failed else (0, min(len(failed), FAILURES_SHOWN)
                                      + (len(failed) > FAILURES_SHOWN))


def main(arguments):
    usual = 8 if os.environ.get("PART", "quick") == "quick" else 100
    rounds = int(os.environ.get("ROUNDS", 1000 if os.environ.get("LONG") == "1" else usual))
    first = int(os.environ.get("SEED", 0))
    known = sorted(p.stem for p in HERE.glob("*.py") if p.name != Path(__file__).name)
    passed = failed = 0
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for argument in arguments or known:
            backend, _, seed = argument.partition("/")
            seeds = [int(seed)] if seed else range(first, first + rounds)
            good, bad = run_backend(pool, backend, seeds)
            passed += good
            failed += bad
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
