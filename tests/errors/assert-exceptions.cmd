assert assert-exceptions/policy.yaml --assertions assert-exceptions/security.yaml --as-of 2026-11-23
