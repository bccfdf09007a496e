render protects-missing.yaml --as-of 2026-11-23
