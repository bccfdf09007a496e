render render.yaml -t loss --max-age 1 --as-of 2026-12-24 --no-map
