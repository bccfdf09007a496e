"""
What the tool says, to the letter, and how it ends.

  tests/errors/NAME.yaml or NAME/policy.yaml   the file that is checked, and
  tests/errors/NAME.cmd                        arguments instead of the default, quoted as for sh
  tests/errors/NAME.err                        the messages, then "exit N"

The tool runs in tests/errors, so that messages have relative paths.

usage: tests/errors/run [NAME...]
       tests/errors/run --bless NAME | all                      (make bless-errors TARGET=...)
  JOBS=N   how many cases are tried at a time (as many as there are cores)
"""
import shlex
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import expected  # noqa: E402


def arguments_of(name):
    if (HERE / f"{name}.cmd").exists():
        return shlex.split((HERE / f"{name}.cmd").read_text())
    policy = f"{name}.yaml" if (HERE / f"{name}.yaml").exists() else f"{name}/policy.yaml"
    return ["check", policy, "--as-of", expected.AS_OF]


def judge(name, hold):
    status, _, messages = expected.run(HERE, *arguments_of(name))
    if expected.broke_down(status, messages):
        return "FAIL", name, expected.broke_down(status, messages), messages
    return hold(name, HERE / f"{name}.err", f"{messages}exit {status}\n",
                f"bless-errors TARGET={name}")


def all_cases():
    return sorted({file.stem for end in ("yaml", "cmd") for file in HERE.glob(f"*.{end}")} |
                  {file.parent.name for file in HERE.glob("*/policy.yaml")})


if __name__ == "__main__":
    sys.exit(expected.try_cases("errors", sys.argv[1:], judge, all_cases, ".err"))
