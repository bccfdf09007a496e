probe render.yaml --flow pined --as-of 2026-11-23
