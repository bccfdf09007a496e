diff - nftables=- --as-of 2026-11-23
