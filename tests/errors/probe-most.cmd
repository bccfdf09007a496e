probe render.yaml --most 0 --as-of 2026-11-23
