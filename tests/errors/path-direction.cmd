verify configurations/row.policy 'edge=configurations/edge.set & out=configurations/good.nft' --as-of 2026-11-23
