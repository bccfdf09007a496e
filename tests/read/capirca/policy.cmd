policy.inc policy.net policy.svc
