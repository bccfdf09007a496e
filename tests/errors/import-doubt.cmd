import nftables configurations/doubt.nft --protects 10.0.0.0/24
