verify kinds/web.policy kinds/any.txt -t nft --as-of 2026-11-23
