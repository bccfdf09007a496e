verify configurations/row.policy 'edge=configurations/edge.set & node=configurations/good.nft' configurations/good.nft
