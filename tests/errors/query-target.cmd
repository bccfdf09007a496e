query render.yaml 'tcp inside -> 10.9.9.9:80' -t nftt --as-of 2026-11-23
