render render.yaml -t unpinned --as-of 2026-11-23
