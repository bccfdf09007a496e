query render.yaml 'tcp 10.0.0.1 -> 10.0.0.2:htps' -t unpinned --lock none --as-of 2026-11-23
