verify configurations/good.nft configurations/two.policy -t node --as-of 2026-11-23
