check good-json.yaml --as-of 2026-02-30
