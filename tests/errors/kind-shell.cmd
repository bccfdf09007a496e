verify kinds/web.policy kinds/firewall.sh -t nft --as-of 2026-01-01
