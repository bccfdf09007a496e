import ntfables configurations/good.nft
