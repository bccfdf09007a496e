query render.yaml 'tcp somewhere -> 10.0.0.2:80' -t unpinned --lock none --as-of 2026-11-23
