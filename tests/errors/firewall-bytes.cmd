render firewall-bytes.yaml --as-of 2026-11-23
