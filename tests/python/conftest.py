"""Prints what the tests say in the form of a suite (see tests/suite.sh), and has their fixtures."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2026-11-23"  # the day at which test policies are read
counts = {"passed": 0, "failed": 0, "skipped": 0}


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.pluginmanager.unregister(name="terminalreporter")  # these lines are instead of its own


def say(outcome, name, text=""):
    counts[outcome] += 1
    if outcome == "passed":
        print(f"ok {name}", flush=True)
    elif outcome == "skipped":
        print(f"skip {name}: {text}", flush=True)
    else:
        lines = "\n".join("    " + line for line in text.splitlines())
        print(f"FAIL {name}: see below\n{lines}", flush=True)


def pytest_runtest_logreport(report):
    name = report.nodeid.split("::", 1)[-1].replace("test_", "", 1).replace("_", " ")
    if report.skipped:
        say("skipped", name, report.longrepr[2].replace("Skipped: ", ""))
    elif report.failed:
        say("failed", name, report.longreprtext)
    elif report.when == "call":
        say("passed", name)


def pytest_collectreport(report):
    if report.failed:
        say("failed", report.nodeid, report.longreprtext)


def pytest_unconfigure():
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts), flush=True)


@pytest.fixture(autouse=True)
def in_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture
def tool():
    """Runs the tool: its status, and what it has printed."""

    def run(*arguments):
        done = subprocess.run(
            [os.environ["FLOWRULES"], *arguments], capture_output=True, check=False
        )
        return done.returncode, done.stdout

    return run
