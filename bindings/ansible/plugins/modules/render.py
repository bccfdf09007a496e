#!/usr/bin/python
"""Writes the files of a target of a policy into a folder."""

from __future__ import annotations

DOCUMENTATION = r"""
module: render
short_description: Write the rules of a target of a flowrules policy
description:
  - Renders a target of a policy and writes its files into a folder, where they differ.
  - Every rendering is read back and compared with the policy before anything is written.
  - Other files of the folder are left alone, also those of an earlier version of the policy.
options:
  policy: {description: The policy file., type: path, required: true}
  target:
    description: The target, or a backend; with C(:FORMAT) behind it for another format than its first.
    type: str
    required: true
  dest: {description: The folder., type: path, required: true}
  as_of: {description: "The day at which flows expire, YYYY-MM-DD; default today.", type: str}
  lock: {description: The lock file; default that beside the policy., type: path}
requirements: [flowrules (the Python package and its library)]
attributes:
  check_mode: {support: full, description: Nothing is written.}
  diff_mode: {support: full, description: Shows what changes in each file.}
author: [The authors of flowrules]
"""

EXAMPLES = r"""
- name: The rules of the web servers are those of the policy
  flowrules.flowrules.render:
    policy: policy.yaml
    target: web-nft
    dest: build/rules
  delegate_to: localhost
"""

RETURN = r"""
files: {description: The paths of all files of the target., type: list, elements: str, returned: always}
changed_files: {description: Those that differed., type: list, elements: str, returned: always}
"""

import os  # noqa: E402

from ansible_collections.flowrules.flowrules.plugins.module_utils.policies import load, make_module, run, tell  # noqa: E402


def read(path):
    """The bytes of a file; None where there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def is_as_wanted(path, file, data):
    return data == file.data and bool(os.stat(path).st_mode & 0o100) == file.executable


def difference(path, old, new):
    """What Ansible shows of a file in diff mode."""
    return {
        "before_header": path,
        "after_header": path,
        "before": (old or b"").decode("utf-8", "replace"),
        "after": new.decode("utf-8", "replace"),
    }


def write(module, path, file):
    """Writes a file whole, in the place of what is there."""
    temporary = os.path.join(module.tmpdir, os.path.basename(path))
    with open(temporary, "wb") as out:
        out.write(file.data)
    module.atomic_move(temporary, path)
    os.chmod(path, 0o755 if file.executable else 0o644)


def render(module):
    folder = module.params["dest"]
    with load(module) as policy:
        artifact = policy.render(module.params["target"])
    tell(module, artifact.diagnostics)
    paths = [os.path.join(folder, file.name) for file in artifact.files]
    old = [read(path) for path in paths]
    changed = [number for number, file in enumerate(artifact.files)
               if not is_as_wanted(paths[number], file, old[number])]
    if changed and not module.check_mode:
        os.makedirs(folder, exist_ok=True)
        for number in changed:
            write(module, paths[number], artifact.files[number])
    return {
        "changed": bool(changed),
        "files": paths,
        "changed_files": [paths[number] for number in changed],
        "diff": [difference(paths[number], old[number], artifact.files[number].data) for number in changed],
    }


def main():
    run(make_module(target={"type": "str", "required": True}, dest={"type": "path", "required": True}), render)


if __name__ == "__main__":
    main()
