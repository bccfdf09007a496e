"""What the modules share: the Python package, policies, and how results and errors are told."""

from __future__ import annotations

import traceback

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    import flowrules
except ImportError as error:
    flowrules = None
    MISSING = f"{error}\n{traceback.format_exc()}"
else:
    MISSING = None

POLICY_OPTIONS = {
    "policy": {"type": "path", "required": True},
    "as_of": {"type": "str"},
    "lock": {"type": "path"},
}


def make_module(**options):
    """The module, with the options of policies; it fails where the package is missing."""
    module = AnsibleModule(argument_spec={**POLICY_OPTIONS, **options}, supports_check_mode=True)
    if flowrules is None:
        module.fail_json(msg=missing_required_lib("flowrules"), exception=MISSING)
    return module


def load(module, path=None):
    """The policy of the module, or another one, as of the same day."""
    lock = module.params["lock"] if path is None else None
    return flowrules.Policy.load(path or module.params["policy"], as_of=module.params["as_of"], lock=lock)


def tell(module, diagnostics):
    """Warns of what the library warns of."""
    for each in diagnostics:
        if each.severity == "warning":
            module.warn(str(each))


def run(module, work):
    """Calls work; an error of the library, or of a file, is one of the module, in its words."""
    try:
        result = work(module)
    except flowrules.FlowrulesError as error:
        module.fail_json(msg=str(error), diagnostics=[each._asdict() for each in error.diagnostics])
    except OSError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


def comparison_text(comparison):
    """A comparison for people, a line for each difference and doubt."""
    lines = [comparison.verdict]
    for each in comparison.differences:
        sign = "+" if each.change == "allowed" else "-"
        lines.append(f"{sign} {each.packets} ({each.direction}), for example {each.witness}")
    lines += [f"? {each.text}" for each in comparison.doubts]
    return "\n".join(lines) + "\n"


def comparison_result(comparison):
    """A comparison as what a module returns."""
    return {
        "verdict": comparison.verdict,
        "differences": [
            {**each._asdict(), "before": each.before._asdict(), "after": each.after._asdict()}
            for each in comparison.differences
        ],
        "doubts": [each._asdict() for each in comparison.doubts],
        "text": comparison_text(comparison),
    }
