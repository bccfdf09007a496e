render render.yaml -t something --as-of 2026-11-23
