render render.yaml -t unpinned --lock none --as-of 2026-11-23
