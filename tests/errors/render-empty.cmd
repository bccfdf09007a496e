render render.yaml -t empty --as-of 2026-11-23
