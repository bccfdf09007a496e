"""Lists what a golden case is rendered for: a line "TARGET FORMAT" for each format of each target
of the policy, and of each backend that no target uses.

usage: targets.py CHECK.json TARGETS.json   (what flowrules check and flowrules targets print)
"""
import json
import sys


def main(check_path, backends_path):
    with open(check_path, encoding="utf-8") as file:
        targets = json.load(file)["targets"]
    with open(backends_path, encoding="utf-8") as file:
        backends = json.load(file)
    if isinstance(backends, dict):
        backends = backends["backends"]
    formats = {b["name"]: [f["name"] for f in b["formats"]] for b in backends}
    used = {target["backend"] for target in targets}
    specs = [(target["name"], target["backend"]) for target in targets]
    specs += [(name, name) for name in formats if name not in used]
    for name, backend in specs:
        for spelling in formats[backend]:
            print(name, spelling)


if __name__ == "__main__":
    main(*sys.argv[1:])
