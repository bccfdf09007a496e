assert assert-owner/policy.yaml --assertions assert-owner/security.yaml --as-of 2026-11-23
