policy.inc policy.net policy.svc policy/numbers.svc
