#!/usr/bin/python
"""Does a configuration let pass exactly what a target of a policy has to?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: verify
short_description: Check that what runs is what a flowrules policy says
description:
  - Compares configurations that a device or cloud has given out, or rendered files, with a target of a policy.
  - Changes nothing. The task fails unless the verdict is C(equal), or one of I(accept).
options:
  policy: {description: The policy file., type: path, required: true}
  target: {description: The target., type: str, required: true}
  files: {description: The files of the configuration., type: list, elements: path, required: true}
  settings: {description: Settings of the backend in place of the target's., type: dict}
  accept:
    description: Verdicts with which the task does not fail.
    type: list
    elements: str
    choices: [equal, contains, different, unknown]
    default: [equal]
  as_of: {description: "The day at which flows expire, YYYY-MM-DD; default today.", type: str}
  lock: {description: The lock file; default that beside the policy., type: path}
requirements: [flowrules (the Python package and its library)]
attributes:
  check_mode: {support: full, description: It changes nothing in any mode.}
  diff_mode: {support: full, description: "Shows the packets that pass and should not, and those that should."}
author: [The authors of flowrules]
"""

EXAMPLES = r"""
- name: The running rules are recorded
  ansible.builtin.command: nft list ruleset
  register: running
  changed_when: false
- name: They are at hand
  ansible.builtin.copy: {content: "{{ running.stdout }}", dest: "running/{{ inventory_hostname }}.nft", mode: "0644"}
  delegate_to: localhost
- name: They are those of the policy
  flowrules.flowrules.verify:
    policy: policy.yaml
    target: web-nft
    files: ["running/{{ inventory_hostname }}.nft"]
  delegate_to: localhost
"""

RETURN = r"""
verdict: {description: "equal, contains, different or unknown.", type: str, returned: always}
differences:
  description: Packets that pass on one side alone; C(allowed) ones pass and should not.
  type: list
  elements: dict
  returned: always
doubts: {description: Why there may be more differences., type: list, elements: dict, returned: always}
text: {description: All of it for people., type: str, returned: always}
"""

from ansible_collections.flowrules.flowrules.plugins.module_utils.policies import (  # noqa: E402
    comparison_result, load, make_module, run, tell)

VERDICTS = ["equal", "contains", "different", "unknown"]


def verify(module):
    options = module.params
    settings = {key: str(value) for key, value in (options["settings"] or {}).items()}
    with load(module) as policy:
        comparison = policy.verify(options["target"], *options["files"], settings=settings)
    tell(module, comparison.diagnostics)
    result = comparison_result(comparison)
    result.update(changed=False, diff={"prepared": "" if comparison.equal else result["text"]})
    if comparison.verdict not in options["accept"]:
        module.fail_json(msg=f"the verdict is {comparison.verdict}: {result['text']}", **result)
    return result


def main():
    run(make_module(target={"type": "str", "required": True},
                    files={"type": "list", "elements": "path", "required": True},
                    settings={"type": "dict"},
                    accept={"type": "list", "elements": "str", "choices": VERDICTS, "default": ["equal"]}), verify)


if __name__ == "__main__":
    main()
