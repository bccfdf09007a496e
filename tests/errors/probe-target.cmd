probe render.yaml -t nftt --as-of 2026-11-23
