"""Loads what flowrules renders for real, sends packets, and compares with the policy."""
import argparse
import concurrent.futures
import ctypes
import glob
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
AS_OF = "2026-11-23"


class Report:
    """Lines of the test protocol, and counts."""

    def __init__(self):
        self.lines, self.counts = [], {"ok": 0, "FAIL": 0, "skip": 0}
        self.sent = self.wrong = 0

    def ok(self, name, note=""):
        self.counts["ok"] += 1
        self.lines.append("ok %s%s" % (name, " # " + note if note else ""))

    def fail(self, name, why, details=()):
        self.counts["FAIL"] += 1
        self.lines.append("FAIL %s: %s" % (name, why))
        self.lines += ["    " + line for line in details]

    def skip(self, name, why):
        self.counts["skip"] += 1
        self.lines.append("skip %s: %s" % (name, why))

    def swept(self, name, result):
        """A sweep must have seen packets of both kinds, or it has proved nothing."""
        self.sent += result.sent
        self.wrong += result.wrong
        if result.wrong:
            self.fail(name, "%d of %d packets" % (result.wrong, result.sent), result.shown)
        elif result.sent == 0:
            self.fail(name, "no packet was sent")
        else:
            self.ok(name, "%d packets, %d pass, 0 mismatches" % (result.sent, result.passed))

    def add(self, other):
        self.lines += other.lines
        self.sent += other.sent
        self.wrong += other.wrong
        for word, count in other.counts.items():
            self.counts[word] += count


def missing():
    """Why nothing can be tested here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("ip", "nft"):
        if shutil.which(program) is None:
            return program + " is not installed"
    try:
        import yaml  # noqa: F401
    except ImportError:
        return "PyYAML is not installed"
    import rulesets
    import world
    try:
        world.HostWorld([]).close()
    except (OSError, world.CommandError) as problem:
        return "network namespaces are not allowed: %s" % problem
    return rulesets.lacking(None)


def prepare_worker(numbers):
    """A processor of its own, and no life beyond that of the parent."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    processors = sorted(os.sched_getaffinity(0))
    with numbers.get_lock():
        number = numbers.value
        numbers.value += 1
    os.sched_setaffinity(0, {processors[number % len(processors)]})


def at_work():
    """Seconds that this process and what it has run had a processor."""
    return sum(sum(resource.getrusage(who)[:2])
               for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def name_of(job):
    """What it is called: "confirm host-nft"."""
    return " ".join([job[0].__name__[:-4]] + [os.path.basename(str(word)) for word in job[1:]])


def run_job(job, options):
    report = Report()
    begin, worked = time.monotonic(), at_work()
    try:
        folder = tempfile.mkdtemp(dir=options["scratch"])
        job[0](report, options, folder, *job[1:])
    except Exception as problem:  # a broken test is a failed one, and the others still run
        where = traceback.extract_tb(sys.exc_info()[2])[-1]
        report.fail(name_of(job), "%s: %s (%s:%d)" % (
            type(problem).__name__, problem, os.path.basename(where.filename), where.lineno))
    report.lines.append("# %s: %.1f s, %.1f s of a processor" % (
        name_of(job), time.monotonic() - begin, at_work() - worked))
    return report


def selftest_job(report, options, folder):
    import selftest
    selftest.run(report, options["seed"], folder)


def policy_job(report, options, folder, path):
    import policies
    policies.run(report, options, folder, path)


def readback_job(report, options, folder, path):
    import readback
    readback.run(report, options, folder, path)


def crowd_job(report, options, folder, name):
    import policies
    policies.run_crowd(report, options, folder, name)


def random_job(report, options, folder, number):
    import policies
    policies.run_random(report, options, folder, number)


def live_job(report, options, folder):
    import live
    live.run(report, options, folder)


def confirm_job(report, options, folder, target):
    import confirm
    confirm.run(report, options, folder, target)


def entrances_job(report, options, folder, target):
    import entrances
    entrances.run(report, options, folder, target)


def interfaces_job(report, options, folder, rounds):
    import interfaces
    interfaces.run(report, options, folder, rounds)


def places_job(report, options, folder, rounds):
    import places
    places.run(report, options, folder, rounds)


# Policies and targets of what the quick part tries; the slow one tries all.
QUICK = ("kimi-k2.yaml", "denies.yaml", "host-nft")


def jobs_of(arguments):
    tool = arguments.tool
    if not os.access(tool, os.X_OK):
        return [(selftest_job,)], "%s is not built" % os.path.relpath(tool, ROOT)
    paths = arguments.policies or sorted(glob.glob(os.path.join(HERE, "policies", "*.yaml"))) + [
        path for path in [os.path.join(ROOT, "examples", "kimi-k2.yaml")] if os.path.exists(path)]
    # What takes longest begins first, so that no processor waits for it at the end.
    found = [(policy_job, os.path.abspath(path)) for path in paths]
    if not arguments.policies:
        import crowds
        found += [(selftest_job,)] + [(crowd_job, name) for name in crowds.CROWDS] + [
            (confirm_job, "host-nft"), (confirm_job, "host-ipt"), (live_job,),
            (entrances_job, "host-nft"), (entrances_job, "host-ipt"),
            (interfaces_job, 40 if arguments.long else 3 if arguments.quick else 10),
            (places_job, 200 if arguments.long else 3 if arguments.quick else 20)]
    found += [(readback_job, os.path.abspath(path)) for path in paths]
    if not arguments.policies:
        found += [(random_job, number) for number in range(arguments.random)]
        if arguments.quick:
            found = [job for job in found if job[0] in (selftest_job, live_job, random_job,
                                                             interfaces_job, places_job)
                     or os.path.basename(job[1]) in QUICK]
    return found, None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", default=bool(os.environ.get("LONG")),
                        help="more packets, every program, many random policies")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--quick", action="store_true",
                        default=os.environ.get("PART", "quick") == "quick",
                        help="fewer packets and policies (so by default, and with PART=quick; see tests/run)")
    parser.add_argument("--random", type=int, help="this many random policies")
    parser.add_argument("--cap", type=int, help="packets for each ruleset and direction")
    parser.add_argument("--tool", default=os.environ.get(
        "FLOWRULES", os.path.join(ROOT, "build", "flowrules")))
    parser.add_argument("policies", nargs="*")
    arguments = parser.parse_args()
    arguments.quick = arguments.quick and not arguments.long
    size = "long" if arguments.long else "quick" if arguments.quick else "usual"
    if arguments.random is None:
        arguments.random = {"long": 60, "usual": 3, "quick": 0}[size]
    total = Report()
    why = missing()
    if why:
        for job in jobs_of(arguments)[0]:
            total.skip(name_of(job), why)
        finish(total)
    scratch = tempfile.mkdtemp(prefix="flowrules-kernel-")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = {"seed": arguments.seed, "scratch": scratch, "as-of": AS_OF, "all": arguments.long,
               "scripts": True,
               "tool": os.path.abspath(arguments.tool),
               "cap": arguments.cap or {"long": 4000, "usual": 700, "quick": 150}[size]}
    print("# seed %s, at most %d packets for each ruleset and direction" % (
        arguments.seed, options["cap"]))
    try:
        jobs, why = jobs_of(arguments)
        if why:
            total.skip("kernel/policies", why)
        work(jobs, options, total)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    finish(total)


def work(jobs, options, total):
    """Runs the jobs, one on each processor at a time, and prints in their order."""
    numbers = multiprocessing.Value("i", 0)
    pool = concurrent.futures.ProcessPoolExecutor(
        min(len(jobs), 2 * len(os.sched_getaffinity(0))), multiprocessing.get_context("fork"),
        prepare_worker, (numbers,))
    try:
        for future in [pool.submit(run_job, job, options) for job in jobs]:
            report = future.result()
            print("\n".join(report.lines), flush=True)
            report.lines = []
            total.add(report)
    except BaseException:
        for process in list(pool._processes.values()):
            process.kill()
        raise
    pool.shutdown()


def finish(total):
    for line in total.lines:
        if not line.startswith("#"):
            print(line)
    print("# %d packets sent, %d mismatches" % (total.sent, total.wrong))
    print("%d passed, %d failed, %d skipped" % (total.counts["ok"], total.counts["FAIL"],
                                                total.counts["skip"]), flush=True)
    sys.exit(1 if total.counts["FAIL"] else 0)


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    main()
