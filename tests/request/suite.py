"""
What 'flowrules import' makes of sheets and documents, as different people write them, each with its
mistakes: the policy, the mapping and every message, to the letter. The policy loads, except for networks
that are still to be filled in; and with the mapping that was written, the same policy comes again.

  tests/request/NAME/cmd        what stands behind 'import'
  tests/request/NAME/expected   status, policy, mapping and messages
  tests/request/NAME/*          the files of the command

usage: tests/request/run [NAME...]
       tests/request/run --bless NAME | all                     (make bless-request TARGET=...)
"""
import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import expected  # noqa: E402

OWN = ("cmd", "expected")


def import_once(folder, command):
    status, policy, messages = expected.run(folder, "import", *command)
    return status, policy, messages


def unsound(folder, policy, messages):
    """Why the policy cannot be used, or None."""
    if not policy:
        return None
    Path(folder, "made.yaml").write_text(policy, encoding="utf-8")
    status, _, said = expected.run(folder, "check", "--as-of", expected.AS_OF, "made.yaml")
    wrong = [line for line in said.splitlines() if re.search(": error: ", line)]
    if "[FR0905]" in messages:
        wrong = [line for line in wrong if "'members' is an empty list" not in line]
        return "\n".join(wrong) or None
    return None if status == 0 else said


def again(folder, command, policy):
    """Why the mapping that was written does not give the same policy, or None."""
    status, same, messages = import_once(folder, command)
    if "wrote " in messages:
        return "the mapping is written once more"
    if same != policy or status not in (0, 1, 3):
        return expected.difference(policy, same) or f"status {status}"
    return None


def judge_in(name, hold, folder):
    source = HERE / name
    for file in source.iterdir():
        if file.name not in OWN:
            shutil.copy(file, folder)
    command = shlex.split((source / "cmd").read_text(encoding="utf-8"))
    given = set(Path(folder).iterdir())
    status, policy, messages = import_once(folder, command)
    broken = expected.broke_down(status, messages)
    if broken:
        return [("FAIL", name, broken, messages)]
    made = sorted(set(Path(folder).iterdir()) - given)
    maps = "".join(f"--- {file.name}\n{file.read_text(encoding='utf-8')}" for file in made)
    text = f"status {status}\n--- policy\n{policy}{maps}--- messages\n{messages}"
    verdicts = [hold(name, source / "expected", text, f"bless-request TARGET={name}")]
    wrong = unsound(folder, policy, messages) or (again(folder, command, policy) if made else None)
    if wrong:
        verdicts.append(("FAIL", f"{name} is sound", "", wrong))
    return verdicts


def judge(name, hold):
    with tempfile.TemporaryDirectory() as folder:
        return judge_in(name, hold, folder)


def main(arguments):
    names, blessed = expected.read_arguments(arguments, "NAME or all")
    hold = expected.bless if blessed else expected.hold
    verdicts = expected.Verdicts()
    verdicts.try_all(lambda name: judge(name, hold), names or sorted(file.parent.name for file in HERE.glob("*/cmd")))
    return verdicts.finish("request")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
