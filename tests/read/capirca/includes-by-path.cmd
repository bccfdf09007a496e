policy.net policy.svc policy.inc policy/elsewhere/policy.inc
