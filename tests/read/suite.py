"""
Configurations as devices and clouds give them out, held against a policy: what verify says, to
the letter, and how it ends.

  tests/read/BACKEND/CASE.SUFFIX or CASE/*   the configuration, of one file or several; many are
                                             written as FILE.edit, what differs from another
                                             one (edits.py)
  tests/read/BACKEND/CASE.yaml               its policy, where that is not policy.yaml beside it
  tests/read/BACKEND/CASE.cmd                arguments of verify besides the files, as for sh;
                                             @TARGET.apply.sh is that file as it is rendered today
  tests/read/BACKEND/policy.cmd              those of cases that have neither a .cmd nor a .yaml
  tests/read/rows/CASE.row                   devices that stand one behind the other, in place of
                                             the files, which they name: as for sh
  tests/read/BACKEND/CASE.out                what it says, then "exit N"
  tests/read/BACKEND/CASE.import             the policy that import makes of it, where it is there
  tests/read/BACKEND/CASE.import.cmd         arguments of import, where they are not those of
                                             verify without its targets

capirca and aerleon are languages that are read and not written: there is no target to verify. Their
.out is what import says, their policy.cmd names the files that all cases have in common, and a case
is a .pol or .yml.

The tool runs in a copy of tests/read/BACKEND where every file is whole, so that messages have
relative paths.

usage: tests/read/run [BACKEND | BACKEND/CASE]...
       tests/read/run --bless BACKEND/CASE | BACKEND | all        (make bless-read TARGET=...)
  JOBS=N   how many cases are tried at a time (as many as there are cores)
"""
import shlex
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import edits  # noqa: E402
import expected  # noqa: E402

LANGUAGES = ("capirca", "aerleon")
NO_INPUT = (".yaml", ".cmd", ".row", ".out", ".import", ".import.cmd")


class Case:
    """A configuration, and what is expected of it."""

    def __init__(self, name, hold, copies):
        self.name, self.hold = name, hold
        backend, _, self.own = name.partition("/")
        self.folder = copies / backend

    def file(self, end):
        return self.folder / (self.own + end)

    def expected(self, end):
        """The file itself, which may be written to."""
        return HERE / (self.name + end)

    def inputs(self):
        """The files that are its configuration, relative to the folder."""
        beside = sorted(file for file in self.folder.glob(self.own + ".*")
                        if file.name[len(self.own):] not in NO_INPUT)
        within = sorted((self.folder / self.own).glob("*"))
        return [str(file.relative_to(self.folder)) for file in beside + within if file.is_file()]

    def arguments(self):
        """Those of verify: its own, or of all cases of the backend's policy."""
        file = self.file(".cmd")
        if not file.exists() and not self.file(".yaml").exists():
            file = self.folder / "policy.cmd"
        return shlex.split(file.read_text()) if file.exists() else []

    def arguments_of_import(self):
        """Its own, or those of verify without the targets."""
        if self.file(".import.cmd").exists():
            return shlex.split(self.file(".import.cmd").read_text())
        own = self.arguments()
        while "-t" in own:
            del own[own.index("-t"):own.index("-t") + 2]
        return own

    def operands(self, inputs):
        """The files, or the row of devices that they are of."""
        file = self.file(".row")
        return shlex.split(file.read_text()) if file.exists() else inputs

    def rendered(self, policy, word, scratch):
        """The path of a file of today's artifact, for @FILE; another word as it is."""
        if not word.startswith("@"):
            return word
        expected.run(self.folder, "render", policy, "-t", word[1:].partition(".")[0],
                     "-o", scratch, "--as-of", expected.AS_OF)
        return str(Path(scratch) / word[1:])

    def verified(self, inputs):
        """What verify says of it is what is expected."""
        policy = self.own + ".yaml" if self.file(".yaml").exists() else "policy.yaml"
        with tempfile.TemporaryDirectory() as scratch:
            own = [self.rendered(policy, word, scratch) for word in self.arguments()]
            status, got, _ = expected.run(self.folder, "verify", policy, "--as-of",
                                          expected.AS_OF, *own, *self.operands(inputs), together=True)
        if not inputs:
            return "FAIL", self.name, "there is no configuration"
        if expected.broke_down(status, got):
            return "FAIL", self.name, expected.broke_down(status, got), got
        return self.hold(self.name, self.expected(".out"), f"{got}exit {status}\n",
                         f"bless-read TARGET={self.name}")

    def imported(self, inputs):
        """The policy that import makes of it, and its status, are what is expected."""
        name = self.name + " import"
        status, policy, messages = expected.run(
            self.folder, "import", self.folder.name, "--as-of", expected.AS_OF,
            *self.arguments_of_import(), *inputs)
        if expected.broke_down(status, messages):
            return "FAIL", name, expected.broke_down(status, messages), messages
        return self.hold(name, self.expected(".import"), f"{policy}# exit {status}\n",
                         f"bless-read TARGET={self.name}")

    def told(self, inputs):
        """What import says of it, and the policy that it makes, are what is expected."""
        status, policy, messages = expected.run(
            self.folder, "import", self.folder.name, "--as-of", expected.AS_OF, *inputs,
            *self.arguments_of_import())
        if expected.broke_down(status, messages):
            yield "FAIL", self.name, expected.broke_down(status, messages), messages
            return
        yield self.hold(self.name, self.expected(".out"), f"{messages}exit {status}\n",
                        f"bless-read TARGET={self.name}")
        if self.file(".import").exists():
            yield self.hold(self.name + " import", self.expected(".import"), policy,
                            f"bless-read TARGET={self.name}")

    def judge(self):
        inputs = self.inputs()
        if self.folder.name in LANGUAGES:
            yield from self.told(inputs)
            return
        yield self.verified(inputs)
        if self.file(".import").exists():
            yield self.imported(inputs)


def cases_of(name, copies):
    """BACKEND/CASE, or all of a backend."""
    if "/" in name:
        return [name]
    found = {file.name if file.is_dir() else file.name.partition(".")[0]
             for file in (copies / name).iterdir()}
    return [f"{name}/{case}" for case in sorted(found - {"policy"})]


def main(arguments):
    names, blessed = expected.read_arguments(arguments, "BACKEND/CASE, BACKEND or all")
    names = [name.rstrip("/") for name in names or edits.all_backends()]
    hold = expected.bless if blessed else expected.hold
    verdicts = expected.Verdicts()
    with tempfile.TemporaryDirectory(prefix="flowrules-read-") as scratch:
        copies = Path(scratch)
        wrong = edits.materialize(copies, sorted({name.partition("/")[0] for name in names}))
        for file, why in wrong.items():
            verdicts.say("FAIL", str(file), why)
        verdicts.try_all(lambda case: list(case.judge()),
                         [Case(case, hold, copies) for name in names
                          for case in cases_of(name, copies)])
    return verdicts.finish("read")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
