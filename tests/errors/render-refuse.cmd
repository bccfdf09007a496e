render render.yaml -t refuse --as-of 2026-11-23
