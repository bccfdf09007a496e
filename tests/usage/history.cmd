usage policy.yaml -t node node.nft --history h.jsonl --as-of 2026-09-01
usage policy.yaml -t node later.nft --history h.jsonl --as-of 2026-10-01
usage policy.yaml -t node later.nft --history h.jsonl --as-of 2026-11-01
usage policy.yaml -t node node.nft --history h.jsonl --as-of 2026-10-15
usage policy.yaml -t ipt ipt.v4 ipt.v6 --history h.jsonl --as-of 2026-11-02 -q
cat h.jsonl
