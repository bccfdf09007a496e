render pods-partly.yaml --as-of 2026-11-23
