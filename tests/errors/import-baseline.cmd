import nftables configurations/good.nft --protects 10.0.0.0/24
