probe render.yaml --image 'a b' --as-of 2026-11-23
