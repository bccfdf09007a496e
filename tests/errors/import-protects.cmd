import nftables configurations/good.nft --protects office
