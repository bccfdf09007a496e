assert assert-owner/policy.yaml
