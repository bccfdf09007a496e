verify configurations/two.policy configurations/none.nft -t node --as-of 2026-11-23
