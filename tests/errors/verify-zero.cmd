verify configurations/two.policy configurations/zero.nft -t node --as-of 2026-11-23
