"""What suites share that hold what the tool says against expected files, to the letter: where the
tool is, how it is run, what a crash is, and trying many cases at a time."""
import difflib
import os
import re
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get("BUILD", "build")
TOOL = str(ROOT / os.environ.get("FLOWRULES", BUILD / "flowrules"))
PART = os.environ.get("PART", "quick")
AS_OF = "2026-11-23"  # the day at which test policies are read


def run(folder, *arguments, together=False):
    """What the tool says, as (status, standard output, standard error); both in the first of them
    where they are taken together."""
    done = subprocess.run([TOOL, *arguments], cwd=folder, check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT if together else subprocess.PIPE)
    return done.returncode, done.stdout.decode(), (done.stderr or b"").decode()


def broke_down(status, messages):
    """A crash or a sanitizer's report is a failure whatever was expected: why, or None."""
    if not 0 <= status <= 6 or re.search(r"Sanitizer|runtime error:", messages):
        return f"the tool broke down, status {status}"
    return None


def difference(expected, got):
    return "\n".join(list(difflib.unified_diff(expected.splitlines(), got.splitlines(),
                                               "expected", "got", lineterm=""))[2:])


def hold(name, file, got, how):
    """Holds what came of a case against the file with what is expected: (verdict, name, ...)."""
    if not file.exists():
        return "FAIL", name, f"no expected file; read what it gives, then: make {how}"
    expected = file.read_bytes().decode()
    if expected != got:
        return ("FAIL", name, f"differs; when the new text is right: make {how}",
                difference(expected, got))
    return "ok", name


def bless(name, file, got, _):
    """What came of it is what is expected from now on."""
    file.write_bytes(got.encode())
    return "ok", name


class Verdicts:
    """Says and counts verdicts."""

    def __init__(self):
        self.counts = Counter()

    def say(self, verdict, name, why="", more=""):
        self.counts[verdict] += 1
        more = "".join(f"    {line}\n" for line in more.splitlines())
        print(f"{verdict} {name}{': ' if why else ''}{why}\n{more}", end="", flush=True)

    def try_all(self, judge, cases):
        """Says what judge gives for each case, in their order; as many at a time as JOBS says."""
        with ThreadPoolExecutor(int(os.environ.get("JOBS") or os.cpu_count() or 1)) as pool:
            for verdicts in pool.map(judge, cases):
                for verdict in verdicts:
                    self.say(*verdict)

    def finish(self, suite):
        if not self.counts:
            self.say("FAIL", suite, "there was nothing to do")
        print(f"{self.counts['ok']} passed, {self.counts['FAIL']} failed, {self.counts['skip']} skipped")
        return 1 if self.counts["FAIL"] else 0


def read_arguments(arguments, what):
    """(what is asked for, or None for all; is it to be blessed)"""
    if arguments[:1] != ["--bless"]:
        return arguments or None, False
    if len(arguments) != 2 or not arguments[1]:
        raise SystemExit(f"what is to be blessed: {what}")
    return None if arguments[1] == "all" else arguments[1:], True


def try_cases(suite, arguments, judge, all_cases, end):
    """The main() of a suite whose cases have one expected file each, NAME + end: judge(name,
    hold) gives a verdict. all_cases() has their names, in order; a file without one is a failure."""
    names, blessed = read_arguments(arguments, "NAME or all")
    verdicts = Verdicts()
    if names is None:
        names = all_cases()
        for stray in sorted({file.stem for file in (ROOT / "tests" / suite).glob(f"*{end}")} - set(names)):
            verdicts.say("FAIL", f"{stray}{end}", "there is no such case")
    verdicts.try_all(lambda name: [judge(name, bless if blessed else hold)], names)
    return verdicts.finish(suite)
