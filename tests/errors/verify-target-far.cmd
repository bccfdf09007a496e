verify configurations/two.policy configurations/good.nft -t nod --as-of 2026-11-23
