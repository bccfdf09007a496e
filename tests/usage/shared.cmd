usage policy.yaml --as-of 2026-11-23 -t node merged.nft
usage policy.yaml --as-of 2026-11-23 -t node merged.nft --json
