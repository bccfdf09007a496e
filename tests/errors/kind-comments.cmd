verify kinds/web.policy kinds/comments.txt -t nft --as-of 2026-11-23
