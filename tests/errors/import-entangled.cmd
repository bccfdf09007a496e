import nftables configurations/entangled.nft
