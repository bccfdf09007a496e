render protects-missing.yaml -t iptables --as-of 2026-11-23
