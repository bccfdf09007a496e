render manifest-bytes/policy.yaml --as-of 2026-11-23
