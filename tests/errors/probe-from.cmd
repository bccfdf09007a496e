probe render.yaml --from insid --as-of 2026-11-23
