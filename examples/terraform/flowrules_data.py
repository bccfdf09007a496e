#!/usr/bin/env python3
"""The files of a target for Terraform: a program of its data source "external" (main.tf).

It reads {"policy": FILE, "target": TARGET} from standard input, and as_of where that is to be another day than
today. It writes an object of strings: "files" is JSON, a mapping of names to texts, and "map" says which flows each
rule is of. Errors go to standard error, with the status 1, and end the plan.
"""
import json
import sys

import flowrules


def answer(query):
    unknown = set(query) - {"policy", "target", "as_of"}
    if unknown or not {"policy", "target"} <= set(query):
        raise ValueError("the query has to have policy and target, and may have as_of")
    with flowrules.Policy.load(query["policy"], as_of=query.get("as_of")) as policy:
        artifact = policy.render(query["target"])
    for each in artifact.diagnostics:
        print(each, file=sys.stderr)
    return {
        "files": json.dumps({file.name: file.text for file in artifact.files}),
        "map": json.dumps(artifact.map),
    }


def main():
    try:
        json.dump(answer(json.load(sys.stdin)), sys.stdout)
    except (flowrules.FlowrulesError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
