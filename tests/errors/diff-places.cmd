diff nftables=configurations/good.nft cisco-asa=configurations/two.cfg --as-of 2026-11-23
