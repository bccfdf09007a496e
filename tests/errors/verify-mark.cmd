diff nftables=configurations/mark.nft nftables=configurations/good.nft --as-of 2026-11-23
