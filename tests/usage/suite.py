"""
What 'flowrules usage', 'retire' and 'certify' say and write, to the letter.

  tests/usage/NAME.cmd   the commands, one in a line, without "flowrules"; "cat FILE" shows a file
  tests/usage/NAME.out   each behind "$ ", what it prints, and "exit N" where that is not 0

The commands run in a copy of tests/usage, one for each case.

usage: tests/usage/run [NAME...]
       tests/usage/run --bless NAME | all                       (make bless-usage TARGET=...)
"""
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import expected  # noqa: E402


def run(folder, line):
    words = shlex.split(line)
    if words[0] == "cat":
        return (folder / words[1]).read_text(encoding="utf-8"), 0
    status, said, _ = expected.run(folder, *words, together=True)
    return said, status


def judge(name, hold):
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "usage"
        shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("*.cmd", "*.out", "*.py", "run"))
        got = ""
        for line in (HERE / f"{name}.cmd").read_text(encoding="utf-8").splitlines():
            said, status = run(folder, line)
            if expected.broke_down(status, said):
                return "FAIL", name, expected.broke_down(status, said), said
            got += f"$ {line}\n{said}" + (f"exit {status}\n" if status else "")
    return hold(name, HERE / f"{name}.out", got, f"bless-usage TARGET={name}")


def all_cases():
    return sorted(file.stem for file in HERE.glob("*.cmd"))


if __name__ == "__main__":
    sys.exit(expected.try_cases("usage", sys.argv[1:], judge, all_cases, ".out"))
