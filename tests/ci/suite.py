"""
Runs .pre-commit-hooks.yaml, action.yml and ci/gitlab.yml as their runners do, in a repository of their
own: a policy with an include and a lock file, a commit, and a change that opens a port.

usage: tests/ci/run
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))
import expected  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None

POLICY = """flowrules: 1
include: [more.yaml]
protects: [server]
flows:
  - {name: web, source: office, destination: server, protocol: tcp, port: 443, purpose: Shop, owner: team, ticket: T-1}
targets:
  web: {backend: nftables, direction: ingress, shuts: [ssh, dhcpv6]}
assertions:
  - {name: closed, never: {source: 203.0.113.0/24, destination: server, protocol: udp, port: any}}
"""
MORE = "networks:\n  office: [198.51.100.0/24]\n  server: [192.0.2.10]\n"


def run(folder, *command, given=None, **more):
    return subprocess.run(command, cwd=folder, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, input=given,
                          env={**{key: os.environ[key] for key in ("HOME", "TMPDIR", "LANG") if key in os.environ},
                               "PATH": f"{Path(expected.TOOL).parent}:{os.environ['PATH']}", **more})


def git(folder, *arguments):
    done = run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments)
    assert done.returncode == 0, done.stdout.decode()
    return done.stdout.decode().strip()


def repository(folder):
    """A folder with a commit and a change; gives the commit."""
    (folder / "net").mkdir(parents=True)
    git(folder, "init", "-q")
    for name, text in (("net/policy.yaml", POLICY), ("net/more.yaml", MORE), ("other.yaml", "a: 1\n")):
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    (folder / "net/policy.yaml").write_text(POLICY.replace("443", "[443, 8443]"), encoding="utf-8")
    return git(folder, "rev-parse", "HEAD")


def is_right(name, good, done, why):
    return ("ok", name) if good else ("FAIL", name, why, done.stdout.decode())


# ---- pre-commit -------------------------------------------------------------------------------------

def hook(folder, entry, *files):
    """A hook of language script: the entry is in the repository of the hooks, and files stand behind it."""
    program, *words = entry.split()
    return run(folder, str(ROOT / program), *words, *files)


def try_hooks(folder):
    hooks = {each["id"]: each for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    for name, each in hooks.items():
        good = set(each) <= {"id", "name", "description", "entry", "language", "files", "require_serial"}
        good = good and each["language"] == "script" and re.search(each["files"], "net/policy.yaml.lock")
        done = hook(folder, each["entry"], "net/policy.yaml", "other.yaml")
        yield is_right(name, good and done.returncode == 0, done, f"status {done.returncode}")
    layout = hooks["flowrules-fmt"]["entry"]
    changed = (folder / "net/policy.yaml").read_text()
    (folder / "net/policy.yaml").write_text(changed.replace("flowrules: 1\n", "flowrules:   1\n"), encoding="utf-8")
    done = hook(folder, layout + " --check", "net/policy.yaml", "net/more.yaml", "other.yaml")
    same = "flowrules:   1" in (folder / "net/policy.yaml").read_text()
    yield is_right("another layout", done.returncode == 1 and same and done.stdout == b"net/policy.yaml\n", done, f"status {done.returncode}")
    done = hook(folder, layout, "net/policy.yaml", "other.yaml")
    same = (folder / "net/policy.yaml").read_text() == changed
    yield is_right("a layout that is mended", done.returncode == 0 and same, done, f"status {done.returncode}")
    check = hooks["flowrules-check"]["entry"]
    (folder / "net/more.yaml").write_text(MORE.replace("/24", "/33"), encoding="utf-8")
    done = hook(folder, check, "net/more.yaml")
    yield is_right("an included file", done.returncode == 3 and b"FR0301" in done.stdout, done, f"status {done.returncode}")
    (folder / "net/more.yaml").write_text(MORE, encoding="utf-8")
    done = hook(folder, check, "net/policy.yaml.lock")
    yield is_right("a lock file", done.returncode == 0 and b"sound" in done.stdout, done, f"status {done.returncode}")
    done = hook(folder, hooks["flowrules-lint"]["entry"] + " --format=github", "net/policy.yaml")
    yield is_right("an option", done.returncode == 0 and b"no findings" in done.stdout, done, f"status {done.returncode}")


# ---- GitHub -----------------------------------------------------------------------------------------

def act(folder, own, **given):
    """A composite action: its steps in order, with inputs in their environment."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    inputs = {key: str(value.get("default", "")) for key, value in action["inputs"].items()} | given
    files = {name: own / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.write_text("", encoding="utf-8")
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"], "a text of a workflow would become a command"
        env = {key: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda m: inputs[m[1]], value) for key, value in step["env"].items()}
        done = run(folder, "sh", "-e", "-c", step["run"], GITHUB_ACTION_PATH=str(ROOT), RUNNER_TEMP=str(own),
                   **{key: str(file) for key, file in files.items()}, **env)
        if done.returncode != 0:
            break
    outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    return done, outputs, files["GITHUB_STEP_SUMMARY"].read_text()


def try_action(folder, own, base):
    done, outputs, summary = act(folder, own, policy="net/policy.yaml", base=base)
    good = done.returncode == 0 and outputs["status"] == "0" and outputs["changed"] == "true"
    good = good and b"::warning file=net/policy.yaml,line=5,title=diff-allowed::" in done.stdout
    yield is_right("a change", good and "tcp/8443" in summary and "### flowrules check" in summary, done, f"{outputs} {summary}")
    sarif = {file.stem: json.loads(file.read_text()) for file in Path(outputs["sarif"]).glob("*.sarif")}
    good = set(sarif) == {"check", "lint", "assert", "diff"} and sarif["diff"]["runs"][0]["results"]
    yield is_right("its SARIF", good, done, f"{set(sarif)}")
    done, outputs, _ = act(folder, own, policy="net/policy.yaml", base=base, **{"report-only": ""})
    yield is_right("a change that fails", done.returncode == 1 and outputs["status"] == "1", done, f"{outputs}")
    changed = (folder / "net/policy.yaml").read_text()
    (folder / "net/policy.yaml").write_text(changed.replace("flowrules: 1\n", "flowrules:   1\n"), encoding="utf-8")
    done, outputs, summary = act(folder, own, policy="net/policy.yaml", base=base, checks="fmt")
    good = done.returncode == 0 and b"::notice file=net/policy.yaml,title=fmt::" in done.stdout and "usual layout" in summary
    yield is_right("another layout", good, done, f"{outputs} {summary}")
    done, outputs, _ = act(folder, own, policy="net/policy.yaml", base=base, checks="fmt", **{"report-only": ""})
    yield is_right("another layout that fails", done.returncode == 1 and outputs["status"] == "1", done, f"{outputs}")
    (folder / "net/policy.yaml").write_text(changed, encoding="utf-8")
    done, outputs, _ = act(folder, own, policy="net/$(touch owned).yaml", base="--output=owned")
    good = done.returncode == 6 and not (folder / "owned").exists() and not (folder / "net/owned").exists()
    yield is_right("a name that is a command", good, done, f"{outputs}")


# ---- GitLab -----------------------------------------------------------------------------------------

def try_template(folder, base):
    spec, jobs = (ROOT / "ci/gitlab.yml").read_text().split("\n---\n")
    inputs = {key: value["default"] for key, value in yaml.safe_load(spec)["spec"]["inputs"].items()}
    inputs["policy"] = "net/policy.yaml"
    job = yaml.safe_load(re.sub(r"\$\[\[ inputs\.([a-z]+) \]\]", lambda m: inputs[m[1]], jobs))["flowrules"]
    script = "set -e\n" + "\n".join(line for line in job["script"] if line)
    done = run(folder, "sh", "-c", script, CI_MERGE_REQUEST_DIFF_BASE_SHA=base, **job["variables"])
    yield is_right("the template", done.returncode == 0, done, f"status {done.returncode}")
    report = folder / job["artifacts"]["reports"]["codequality"]
    yield is_right("its report of code quality", json.loads(report.read_text()) == [], done, report.read_text())
    comment = (folder / job["artifacts"]["paths"][0]).read_text()
    yield is_right("its comment", "tcp/8443" in comment, done, comment)
    (folder / "net/policy.yaml").write_text(POLICY.replace("flowrules: 1\n", "flowrules:   1\n"), encoding="utf-8")
    done = run(folder, "sh", "-c", script, **job["variables"])
    yield is_right("another layout in the log", done.returncode == 0 and b"not in its usual layout" in done.stdout, done,
                   f"status {done.returncode}")
    (folder / "net/policy.yaml").write_text(POLICY.replace("source: office", "source: ofice"), encoding="utf-8")
    done = run(folder, "sh", "-c", script, **job["variables"])
    names = [item["check_name"] for item in json.loads(report.read_text())]
    yield is_right("a mistake", done.returncode == 3 and names == ["FR0306"], done, f"status {done.returncode}, {names}")


def main():
    verdicts = expected.Verdicts()
    if yaml is None:
        verdicts.say("skip", "ci", "python3-yaml is not installed")
        return verdicts.finish("ci")
    with tempfile.TemporaryDirectory() as own:
        folder = Path(own, "repository")
        base = repository(folder)
        for trial in (try_hooks(folder), try_action(folder, Path(own), base), try_template(folder, base)):
            for verdict in trial:
                verdicts.say(*verdict)
    return verdicts.finish("ci")


if __name__ == "__main__":
    sys.exit(main())
