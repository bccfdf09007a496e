diff nftables= configurations/two.policy --as-of 2026-11-23
