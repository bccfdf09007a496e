usage policy.yaml --as-of 2026-11-23 -t node node.nft --history broken.jsonl
usage policy.yaml --as-of 2026-11-23 -t node node.nft --history cut.jsonl
usage policy.yaml --as-of 2026-11-23 -t node node.nft --history mixed.jsonl
usage policy.yaml --as-of 2026-11-23 -t node node.nft --history old.jsonl
cat old.jsonl
usage policy.yaml --as-of 2026-11-23 node.nft
usage policy.yaml --as-of 2026-11-23 -t node
usage policy.yaml --as-of 2026-11-23 -t nobody node.nft
usage policy.yaml --as-of 2026-11-23 -t node nothing.nft --history new.jsonl
usage policy.yaml --as-of 2026-11-23 -t node node.nft --history none/new.jsonl
