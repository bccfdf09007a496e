"""
Golden files: every case is rendered for each of its targets in each format, and for the backends
that it names, under the backend's own name with default settings.

  tests/golden/CASE/policy.yaml         or a link to one, which is read where it lies
  tests/golden/CASE/backends            names of backends; or *, all that no target uses
  tests/golden/CASE/TARGET.FORMAT.out   the artifact's files, each below a line "=== NAME"
  tests/golden/CASE/TARGET.FORMAT.err   or, where it is refused, the messages and "exit N"

usage: tests/golden/run [CASE...]
       tests/golden/run --bless CASE/TARGET[.FORMAT] | CASE | all      (make bless TARGET=...)
  JOBS=N   how many cases are tried at a time (as many as there are cores)
"""
import json
import re
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import expected  # noqa: E402

verdicts = expected.Verdicts()

# Formats that put the ruleset of another one into a file of another syntax: these cases show them.
WRAPPERS = {"nftables": ("butane", "machineconfig", "nixos", "ansible")}
WRAPPED = ("hostile-text", "kimi-k2", "long-names", "machines", "permits", "traps")


class Case:
    """A policy, and what is expected of it."""

    def __init__(self, name):
        self.name = name
        self.folder = HERE / name
        self.policy = (self.folder / "policy.yaml").resolve()

    def run(self, verb, *arguments):
        return expected.run(self.policy.parent, verb, self.policy.name, *arguments,
                            "--as-of", expected.AS_OF)

    def show(self, files):
        """Files of it as they stand in what is expected."""
        return show_files(files, self.name == "hostile-text")

    def backends(self, formats, used):
        """The backends that are rendered for besides the targets; a new one is part of each "*"."""
        file = self.folder / "backends"
        named = file.read_text().split() if file.exists() else []
        for name in named:
            if name != "*" and (name not in formats or name in used):
                verdicts.say("FAIL", f"{self.name}/backends",
                             f"{name} is {'that of a target' if name in used else 'no backend'}")
        return [name for name in formats if name not in used and (name in named or "*" in named)]

    def specs(self, formats):
        """Each target and format that it is rendered for; None where the policy isn't read."""
        if not self.policy.exists():
            verdicts.say("FAIL", self.name, "there is no such case")
            return None
        status, output, messages = self.run("check", "--json")
        # 3 and 4: a target that is refused is part of many a case.
        if not output or not 0 <= status <= 4:
            verdicts.say("FAIL", self.name, f"flowrules check: status {status}", messages)
            return None
        targets = json.loads(output)["targets"]
        used = {target["backend"] for target in targets}
        pairs = [(target["name"], target["backend"]) for target in targets]
        pairs += [(name, name) for name in self.backends(formats, used)]
        return [Spec(self, target, backend, spelling, spelling == formats[backend][0])
                for target, backend in pairs for spelling in formats[backend]
                if self.name in WRAPPED or spelling not in WRAPPERS.get(backend, ())]

    def strays(self, specs):
        """Expected files of targets that the case does not have."""
        known = {file for spec in specs for file in spec.paths(".out")}
        for file in sorted(self.folder.iterdir()):
            if file.suffix in (".out", ".err") and file not in known:
                verdicts.say("FAIL", f"{self.name}/{file.name}", "the case has no such target and format")


def without_functions(text):
    """A script of nftables or iptables without the functions that all of them have."""
    return re.sub(r"(?ms)^say\(\) \{$.*?^decide_now$", "=== (functions)", text, count=1)


def show_files(files, whole):
    """The files that were written, each below a line with its name."""
    shown = ""
    for file in sorted(files):
        text = file.read_bytes().decode()
        text = text if whole else without_functions(text)
        shown += f"=== {file.name}\n{text}"
        if not text.endswith("\n"):
            shown += "\n=== (no newline at the end)\n"
    return shown


class Spec:
    """A target of a case in one format, and what is expected of it."""

    def __init__(self, case, target, backend, spelling, is_first):
        self.case, self.target, self.backend, self.is_first = case, target, backend, is_first
        self.option = f"{target}:{spelling}"
        self.name = f"{case.name}/{target}.{spelling}"
        self.status = self.files = self.messages = None

    def paths(self, kind):
        """The expected file, and the one that then can't be there."""
        return HERE / (self.name + kind), HERE / (self.name + {".out": ".err", ".err": ".out"}[kind])

    def is_to_be_refused(self):
        file, other = self.paths(".err")
        return file.exists() or not other.exists()

    def render(self):
        """Alone: what it says is its own."""
        with tempfile.TemporaryDirectory(prefix="flowrules-golden-") as folder:
            self.status, _, self.messages = self.case.run("render", "-t", self.option, "-o", folder)
            self.files = self.case.show(Path(folder).glob("[!.]*"))

    def explain(self):
        """Its status, and messages."""
        status, _, messages = self.case.run("explain", "-t", self.option)
        return status, messages

    def got(self):
        """The end of the expected file's name, and its text."""
        if self.status == 0:
            return ".out", self.files
        return ".err", f"{self.messages}exit {self.status}\n"

    def fault(self):
        """Why it is wrong whatever is expected, and more of that; or None."""
        if expected.broke_down(self.status, self.messages):
            return expected.broke_down(self.status, self.messages), self.messages
        if self.status == 0 and not self.files:
            return "status 0, but no file was written", ""
        if self.status == 0 and "[FR0807]" in self.messages:
            return "read back, it can't be told to be the policy", self.messages
        if self.status != 0 and self.files:
            return f"status {self.status}, but files were left behind", ""
        return None

    def compare(self):
        kind, text = self.got()
        file, other = self.paths(kind)
        if not file.exists() and other.exists():
            return f"{other.name} was expected, but there is this {kind}:", text
        if file.exists() and other.exists():
            return f"there is also {other.name}, which can't be right", ""
        return expected.hold(self.name, file, text, f"bless TARGET={self.case.name}/{self.target}")[2:]

    def is_explained(self):
        """The quick part asks for one format of what is rendered, and for all that is refused."""
        return expected.PART != "quick" or self.status != 0 or self.is_first

    def compare_explained(self, told):
        """explain never promises what render refuses, nor the other way about."""
        status, messages = told
        if status == self.status and not expected.broke_down(status, messages):
            return None
        return f"explain says {status}, render {self.status}", messages

    def judge(self, told):
        why = self.fault() or self.compare() or (told and self.compare_explained(told))
        return ("FAIL", self.name, *why) if why else ("ok", self.name)

    def bless(self):
        """Writes what is expected from now on."""
        self.render()
        why = self.fault()
        if why:
            return ("FAIL", self.name, *why)
        kind, text = self.got()
        file, other = self.paths(kind)
        other.unlink(missing_ok=True)
        return expected.bless(file.name, file, text, None)


# ---- many at a time: starting the tool is most of what a rendering takes ------------------------

def rounds(specs):
    """The specs in lists of which each has a target once, since files are called after targets."""
    found = []
    for spec in specs:
        free = (each for each in found if all(other.target != spec.target for other in each))
        fitting = next(free, None)
        if fitting is None:
            found.append([spec])
        else:
            fitting.append(spec)
    return found


def options(specs):
    return [word for spec in specs for word in ("-t", spec.option)]


def render_together(case, specs):
    """Renders what is not to be refused; where anything is amiss, each tells alone what it is."""
    with tempfile.TemporaryDirectory(prefix="flowrules-golden-") as folder:
        status, _, messages = case.run("render", *options(specs), "-o", folder)
        if status != 0 or "[FR0807]" in messages or expected.broke_down(status, messages):
            return
        written = json.loads((Path(folder) / ".flowrules-manifest.json").read_text())["files"]
        for spec in specs:
            spec.status, spec.messages = 0, messages
            spec.files = case.show(Path(folder) / file["name"] for file in written
                                   if file["target"] == spec.target)


def explain_together(case, specs):
    """{spec: (status, messages)}. The status of all is that of the worst; that of each is known by
    its flows, and where it has none it is asked alone."""
    status, output, messages = case.run("explain", "--json", *options(specs))
    rows = json.loads(output)["flows"] if output else []
    found = {}
    for spec in specs:
        fidelities = {row["fidelity"] for row in rows if row["target"] == spec.target}
        own = 4 if "refused" in fidelities else 5 if "unresolved" in fidelities else 0
        found[spec] = (own, messages) if fidelities else spec.explain()
    worst = min((own for own, _ in found.values() if own), default=0)
    if worst != status or expected.broke_down(status, messages):
        return {spec: spec.explain() for spec in specs}
    return found


def judge_case(case, specs):
    for each in rounds([spec for spec in specs if not spec.is_to_be_refused()]):
        render_together(case, each)
    for spec in specs:
        if spec.status is None:
            spec.render()
    told = {}
    for each in rounds([spec for spec in specs if spec.is_explained()]):
        told.update(explain_together(case, each))
    return [spec.judge(told.get(spec)) for spec in specs]


def is_wanted(wanted, spec):
    return wanted in ("all", spec.case.name, f"{spec.case.name}/{spec.target}", spec.name)


def formats_of_backends():
    _, output, _ = expected.run(HERE, "targets", "--json")
    backends = json.loads(output)
    if isinstance(backends, dict):
        backends = backends["backends"]
    return {backend["name"]: [each["name"] for each in backend["formats"]] for backend in backends}


def case_names():
    return sorted(file.parent.name for file in HERE.glob("*/policy.yaml"))


def main(arguments):
    arguments, blessing = expected.read_arguments(arguments, "CASE/TARGET, CASE or all")
    blessed = None if not blessing else arguments[0] if arguments else "all"
    names = [name.partition("/")[0] for name in arguments or ()] or case_names()
    formats = formats_of_backends()
    work = []
    for case in map(Case, names):
        specs = case.specs(formats)
        if specs is None:
            continue
        if blessed is None:
            case.strays(specs)
        work.append((case, specs))
    if blessed is None:
        verdicts.try_all(lambda item: judge_case(*item), work)
    else:
        verdicts.try_all(lambda spec: [spec.bless()], [
            spec for _, specs in work for spec in specs if is_wanted(blessed, spec)])
    return verdicts.finish("golden")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
