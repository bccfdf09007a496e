assert assert-owner/policy.yaml --assertions assert-exceptions/policy.yaml
