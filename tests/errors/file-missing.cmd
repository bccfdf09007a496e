check no-such-policy.yaml
