assert assert-owner/policy.yaml --assertions nothing.yaml
