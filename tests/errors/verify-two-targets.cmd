verify configurations/two.policy configurations/good.nft -t node -t asa --as-of 2026-11-23
