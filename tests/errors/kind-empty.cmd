verify kinds/web.policy configurations/empty.txt -t nft --as-of 2026-11-23
