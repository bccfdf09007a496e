verify configurations/two.policy configurations/wide.nft -t node --as-of 2026-11-23
