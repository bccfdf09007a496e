import nftables configurations/names-order.nft configurations/names-order.conf
