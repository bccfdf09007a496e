render render.yaml -t nft --as-of 2026-11-23
