query render.yaml 'icmp 10.0.0.1 -> 10.0.0.2:256' -t unpinned --lock none --as-of 2026-11-23
