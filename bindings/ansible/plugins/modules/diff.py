#!/usr/bin/python
"""What does another version of a policy let pass that this one does not, and the other way round?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: diff
short_description: Compare what two flowrules policies let pass
description:
  - Compares two versions of a policy, as a whole or for one target, packet for packet.
  - Changes nothing. C(differs) says whether anything does.
options:
  policy: {description: The policy file before., type: path, required: true}
  other: {description: The policy file after., type: path, required: true}
  target: {description: The target that both have; default the policies as a whole., type: str}
  as_of: {description: "The day at which flows expire, YYYY-MM-DD; default today.", type: str}
  lock: {description: The lock file of I(policy); default that beside it., type: path}
requirements: [flowrules (the Python package and its library)]
attributes:
  check_mode: {support: full, description: It changes nothing in any mode.}
  diff_mode: {support: full, description: Shows the packets that newly pass and those that no longer do.}
author: [The authors of flowrules]
"""

EXAMPLES = r"""
- name: Nothing newly passes
  flowrules.flowrules.diff:
    policy: main/policy.yaml
    other: branch/policy.yaml
  register: change
  delegate_to: localhost
  failed_when: change.differences | selectattr('change', 'eq', 'allowed') | list
"""

RETURN = r"""
differs: {description: Is the verdict another one than C(equal)?, type: bool, returned: always}
verdict: {description: "equal, contains, different or unknown.", type: str, returned: always}
differences:
  description: Packets that pass on one side alone; C(allowed) ones newly pass.
  type: list
  elements: dict
  returned: always
doubts: {description: Why there may be more differences., type: list, elements: dict, returned: always}
flows: {description: "The flows that are new, gone, renamed or changed, as written.", type: list, elements: dict, returned: always}
text: {description: All of it for people., type: str, returned: always}
"""

from ansible_collections.flowrules.flowrules.plugins.module_utils.policies import (  # noqa: E402
    comparison_result, load, make_module, run, tell)


def compare(module):
    with load(module) as policy, load(module, module.params["other"]) as other:
        comparison = policy.diff(other, module.params["target"])
        flows = policy.flow_changes(other)
    tell(module, comparison.diagnostics)
    result = comparison_result(comparison)
    result.update(changed=False, differs=not comparison.equal, flows=[each._asdict() for each in flows],
                  diff={"prepared": "" if comparison.equal else result["text"]})
    return result


def main():
    run(make_module(other={"type": "path", "required": True}, target={"type": "str"}), compare)


if __name__ == "__main__":
    main()
