usage policy.yaml --as-of 2026-11-23 -t node node.nft
usage policy.yaml --as-of 2026-11-23 -t node node.json
usage policy.yaml --as-of 2026-11-23 -t node node.nft --json
