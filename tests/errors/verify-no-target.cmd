verify configurations/two.policy configurations/good.nft --as-of 2026-11-23
