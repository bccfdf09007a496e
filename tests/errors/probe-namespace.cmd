probe render.yaml --namespace Default --as-of 2026-11-23
