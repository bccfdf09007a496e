render render.yaml -t router --as-of 2026-11-23
