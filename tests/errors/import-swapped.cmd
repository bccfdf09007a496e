import configurations/good.nft nftables
