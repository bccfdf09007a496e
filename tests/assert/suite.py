"""
What 'flowrules assert' says, to the letter: as text with its messages, and as JSON.

  tests/assert/NAME/policy.yaml     what is judged, with policy.yaml.lock where it is there, and
  tests/assert/NAME/security.yaml   a file of assertions of another owner, where it is there
  tests/assert/NAME/arguments       what else is on the command line, a word in a line: what runs
  tests/assert/NAME/expected        the text, the messages and "exit N"
  tests/assert/NAME/expected.json   what --json prints

The tool runs in the folder of the case. usage: tests/assert/run [NAME...]
       tests/assert/run --bless NAME | all                      (make bless-assert TARGET=...)
"""
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import expected  # noqa: E402


def arguments_of(folder):
    more = ["--assertions", "security.yaml"] if (folder / "security.yaml").exists() else []
    words = folder / "arguments"
    more += words.read_text().splitlines() if words.exists() else []
    return ["assert", "policy.yaml", "--as-of", expected.AS_OF, *more]


def judge(name, hold):
    folder = HERE / name
    status, text, _ = expected.run(folder, *arguments_of(folder), together=True)
    json_status, json, _ = expected.run(folder, *arguments_of(folder), "--json")
    broken = expected.broke_down(status, text) or expected.broke_down(json_status, json)
    if broken:
        return [("FAIL", name, broken, text)]
    how = f"bless-assert TARGET={name}"
    return [hold(name, folder / "expected", f"{text}exit {status}\n", how),
            hold(f"{name} --json", folder / "expected.json", f"{json}", how)]


def main(arguments):
    names, blessed = expected.read_arguments(arguments, "NAME or all")
    hold = expected.bless if blessed else expected.hold
    verdicts = expected.Verdicts()
    verdicts.try_all(lambda name: judge(name, hold),
                     names or sorted(file.parent.name for file in HERE.glob("*/policy.yaml")))
    return verdicts.finish("assert")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
