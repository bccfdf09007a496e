render render.yaml -t nft:xml --as-of 2026-11-23
