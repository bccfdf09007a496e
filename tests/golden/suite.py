"""
Golden files: every case is rendered for each of its targets in each format, and for every
backend that none of its targets uses, under the backend's own name with default settings.

  tests/golden/CASE/policy.yaml         or a link to one, which is read where it lies
  tests/golden/CASE/TARGET.FORMAT.out   the artifact's files, each below a line "=== NAME"
  tests/golden/CASE/TARGET.FORMAT.err   or, where it is refused, the messages and "exit N"

usage: tests/golden/run [CASE...]
       tests/golden/run --bless CASE/TARGET[.FORMAT] | CASE | all      (make bless TARGET=...)
  JOBS=N   how many renderings are tried at a time (as many as there are cores)
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


class Case:
    """A policy, and what is expected of it."""

    def __init__(self, name):
        self.name = name
        self.folder = HERE / name
        self.policy = (self.folder / "policy.yaml").resolve()

    def run(self, verb, *arguments):
        return expected.run(self.policy.parent, verb, self.policy.name, *arguments,
                            "--as-of", expected.AS_OF)

    def specs(self, formats):
        """Each (target, format, is it the backend's first) that it is rendered for; None where the
        policy isn't read."""
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
        pairs += [(name, name) for name in formats if name not in used]
        return [(target, spelling, spelling == formats[backend][0])
                for target, backend in pairs for spelling in formats[backend]]

    def strays(self, specs):
        """Expected files of targets that the case does not have."""
        known = {f"{target}.{spelling}.{kind}" for target, spelling, _ in specs
                 for kind in ("out", "err")}
        for file in sorted(self.folder.iterdir()):
            if file.suffix in (".out", ".err") and file.name not in known:
                verdicts.say("FAIL", f"{self.name}/{file.name}", "the case has no such target and format")


def without_functions(text):
    """A script of nftables or iptables without the functions that all of them have."""
    return re.sub(r"(?ms)^say\(\) \{$.*?^decide_now$", "=== (functions)", text, count=1)


def show_files(folder, whole):
    """The files that were written, each below a line with its name; not the folder's manifest."""
    shown = ""
    for file in sorted(f for f in Path(folder).iterdir() if not f.name.startswith(".")):
        text = file.read_bytes().decode()
        text = text if whole else without_functions(text)
        shown += f"=== {file.name}\n{text}"
        if not text.endswith("\n"):
            shown += "\n=== (no newline at the end)\n"
    return shown


class Rendering:
    """What render makes of a case for one target and format, held against what is expected."""

    def __init__(self, case, target, spelling, is_first):
        self.case, self.spec, self.is_first = case, f"{target}:{spelling}", is_first
        self.name = f"{case.name}/{target}.{spelling}"
        with tempfile.TemporaryDirectory(prefix="flowrules-golden-") as folder:
            self.status, _, self.messages = case.run("render", "-t", self.spec, "-o", folder)
            self.files = show_files(folder, case.name == "hostile-text")

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

    def paths(self):
        """The expected file, and the one that then can't be there."""
        kind, _ = self.got()
        return HERE / (self.name + kind), HERE / (self.name + {".out": ".err", ".err": ".out"}[kind])

    def compare(self):
        file, other = self.paths()
        kind, text = self.got()
        if not file.exists() and other.exists():
            return f"{other.name} was expected, but there is this {kind}:", text
        if file.exists() and other.exists():
            return f"there is also {other.name}, which can't be right", ""
        target = self.spec.partition(":")[0]
        return expected.hold(self.name, file, text, f"bless TARGET={self.case.name}/{target}")[2:]

    def explained(self):
        """explain never promises what render refuses, nor the other way about. The quick part asks
        for one format of what is rendered, and for all that is refused."""
        if expected.PART == "quick" and self.status == 0 and not self.is_first:
            return None
        status, _, messages = self.case.run("explain", "-t", self.spec)
        if status == self.status and not expected.broke_down(status, messages):
            return None
        return f"explain says {status}, render {self.status}", messages

    def judge(self):
        why = self.fault() or self.compare() or self.explained()
        return ("FAIL", self.name, *why) if why else ("ok", self.name)

    def bless(self):
        """Writes what is expected from now on."""
        why = self.fault()
        if why:
            return ("FAIL", self.name, *why)
        file, other = self.paths()
        other.unlink(missing_ok=True)
        return expected.bless(file.name, file, self.got()[1], None)


def is_wanted(wanted, case, target, spelling, _):
    return wanted in ("all", case.name, f"{case.name}/{target}", f"{case.name}/{target}.{spelling}")


def formats_of_backends():
    _, output, _ = expected.run(HERE, "targets", "--json")
    backends = json.loads(output)
    if isinstance(backends, dict):
        backends = backends["backends"]
    return {backend["name"]: [each["name"] for each in backend["formats"]] for backend in backends}


def main(arguments):
    arguments, blessing = expected.read_arguments(arguments, "CASE/TARGET, CASE or all")
    blessed = None if not blessing else arguments[0] if arguments else "all"
    names = [name.partition("/")[0] for name in arguments or ()] or sorted(
        file.parent.name for file in HERE.glob("*/policy.yaml"))
    formats = formats_of_backends()
    work = []
    for case in map(Case, names):
        specs = case.specs(formats)
        if specs is None:
            continue
        if blessed is None:
            case.strays(specs)
        work += [(case, *spec) for spec in specs
                 if blessed is None or is_wanted(blessed, case, *spec)]
    act = Rendering.judge if blessed is None else Rendering.bless
    verdicts.try_all(lambda item: [act(Rendering(*item))], work)
    return verdicts.finish("golden")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
