verify kinds/web.policy kinds/names.lock -t nft --as-of 2026-01-01
