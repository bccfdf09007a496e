policy.net policy.svc policy/elsewhere/policy.inc policy/other/policy.inc
