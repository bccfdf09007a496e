verify configurations/row.policy 'edge=configurations/edge.set [to dmz] & node=configurations/good.nft' --as-of 2026-11-23
