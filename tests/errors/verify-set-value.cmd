verify configurations/two.policy configurations/good.nft -t node --set counters=perhaps --as-of 2026-11-23
