query render.yaml 'tcp 10.0.0.1 10.0.0.2' -t unpinned --lock none --as-of 2026-11-23
