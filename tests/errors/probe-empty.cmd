probe render.yaml --from 203.0.113.99 --as-of 2026-11-23
