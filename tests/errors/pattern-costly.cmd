render pattern-costly.yaml --as-of 2026-11-23
