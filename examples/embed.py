#!/usr/bin/env python3
"""flowrules inside a program: a policy that the program makes itself, explained and rendered.

    FLOWRULES_LIBRARY=build/libflowrules.so.0 PYTHONPATH=bindings/python python3 examples/embed.py
"""

import json
import sys

import flowrules

# What a program would put together from its own inventory: JSON is YAML too. The target way-out
# needs addresses of a name, which are in no lock file: they are asked for below.
INVENTORY = {
    "flowrules": 1,
    "title": "Made by a program",
    "protects": ["server"],
    "networks": {
        "server": ["192.0.2.10"],
        "office": ["198.51.100.0/24"],
        "mirror": ["mirror.example.com"],
    },
    "flows": [
        {"name": "web", "source": "any", "destination": "server", "protocol": "tcp", "port": 443},
        {"name": "ssh", "source": "office", "destination": "server", "protocol": "tcp", "port": 22},
        {
            "name": "mirror",
            "source": "server",
            "destination": "mirror",
            "protocol": "tcp",
            "port": 443,
        },
    ],
    "targets": {
        "web": {
            "backend": "nftables",
            "direction": "ingress",
            "select": {"name": ["web", "ssh"]},
        },
        "way-out": {"backend": "nftables", "direction": "egress"},
    },
}


def resolve(name):
    """In the place of the DNS: a program may know better, and a test should."""
    if name != "mirror.example.com":
        raise flowrules.CannotResolve("it is not in the inventory")
    return ["203.0.113.80", "2001:db8:80::80"]


def main():
    sys.stdout.reconfigure(line_buffering=True)  # in order with the messages, in a pipe too
    text = json.dumps(INVENTORY, indent=1)
    # The date at which flows expire, so that the result is the same on every day.
    with flowrules.Policy.loads(text, "made.json", as_of="2026-11-23") as policy:
        for row in policy.explain():
            print(f"{row.flow:8} {row.target:8} {row.fidelity}")
        for target in policy.targets:
            try:
                print(policy.render(target.name).files[0].text)
            except flowrules.FlowrulesError as error:
                print(error, file=sys.stderr)
        resolution = policy.resolve(resolve)
        print(resolution.lock)
        print(policy.query("tcp 198.51.100.7 -> server:22").verdict)


if __name__ == "__main__":
    main()
