probe render.yaml --name ../x --as-of 2026-11-23
