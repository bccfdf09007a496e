import nftables configurations/good.nft --protects 10.0.0.0/24,10.0.1.9/24
