probe render.yaml --label app --as-of 2026-11-23
