render render.yaml -t loss --as-of 2026-11-23
