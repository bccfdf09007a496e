usage policy.yaml --as-of 2026-11-23 -t ipt ipt.v4 ipt.v6
