verify configurations/row.policy -t edge 'edge=configurations/edge.set & node=configurations/good.nft'
