render render.yaml -t pinned --max-age never --as-of 2026-12-24 --no-map
