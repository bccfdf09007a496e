render render.yaml -t lossless --as-of 2026-11-23
