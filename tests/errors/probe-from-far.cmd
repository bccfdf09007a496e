probe render.yaml --from 10.0.0.1/8 --as-of 2026-11-23
