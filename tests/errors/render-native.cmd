render render.yaml -t native --as-of 2026-11-23
