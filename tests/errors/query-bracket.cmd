query render.yaml 'tcp [2001:db8::1 -> 10.0.0.2:80' -t unpinned --lock none --as-of 2026-11-23
