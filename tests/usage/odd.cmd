usage policy.yaml --as-of 2026-11-23 -t node early.nft
usage policy.yaml --as-of 2026-11-23 -t node huge.nft
usage policy.yaml --as-of 2026-11-23 -t node too-huge.nft
usage policy.yaml --as-of 2026-11-23 -t node different.nft
usage policy.yaml --as-of 2026-11-23 -t node none.nft
usage policy.yaml --as-of 2026-11-23 -t node hostile.nft
usage permits.yaml --as-of 2026-11-23 permits.nft --json
