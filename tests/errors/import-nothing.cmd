import nftables configurations/nothing.nft
