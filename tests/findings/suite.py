"""
What lint finds, to the letter, and how it ends; and whether "covered" is right, by trying every packet.

  tests/findings/NAME.yaml or NAME/policy.yaml   the policy, and
  tests/findings/NAME.out                        what lint prints, its messages, then "exit N"

The tool runs in tests/findings, so that places have relative paths. Then many random policies over a
few addresses and ports (brute.py).

usage: tests/findings/run [NAME...]
       tests/findings/run --bless NAME | all               (make bless-findings TARGET=...)
"""
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))
import brute  # noqa: E402
import expected  # noqa: E402


def judge(name, hold):
    policy = f"{name}.yaml" if (HERE / f"{name}.yaml").exists() else f"{name}/policy.yaml"
    status, output, messages = expected.run(HERE, "lint", policy, "--as-of", expected.AS_OF)
    if expected.broke_down(status, messages):
        return "FAIL", name, expected.broke_down(status, messages), messages
    return hold(name, HERE / f"{name}.out", f"{output}{messages}exit {status}\n",
                f"bless-findings TARGET={name}")


def all_kinds():
    """The numbers of findings that docs/LINT.md has a section on."""
    text = (HERE.parent.parent / "docs" / "LINT.md").read_text()
    return [line.split()[1].rstrip(":") for line in text.splitlines() if line.startswith("## FL")]


def uncovered(names):
    """Kinds that no case shows. FL0106 needs very many flows: brute.py has it."""
    shown = "".join((HERE / f"{name}.out").read_text() for name in names)
    return [kind for kind in all_kinds() if f"[{kind}]" not in shown and kind != "FL0106"]


def main(arguments):
    names, blessed = expected.read_arguments(arguments, "NAME or all")
    hold = expected.bless if blessed else expected.hold
    verdicts = expected.Verdicts()
    whole = names is None
    if whole:
        names = sorted({file.stem for file in HERE.glob("*.yaml")} |
                       {file.parent.name for file in HERE.glob("*/policy.yaml")})
        for stray in sorted({file.stem for file in HERE.glob("*.out")} - set(names)):
            verdicts.say("FAIL", f"{stray}.out", "there is no such case")
    verdicts.try_all(lambda name: [judge(name, hold)], names)
    if whole and not blessed:
        for kind in uncovered(names):
            verdicts.say("FAIL", kind, "no case shows it")
        for name, why in brute.try_all():
            verdicts.say("FAIL" if why else "ok", name, *([why] if why else []))
    return verdicts.finish("findings")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
