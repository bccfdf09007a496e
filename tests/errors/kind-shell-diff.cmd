diff nftables=kinds/firewall.sh nftables=configurations/good.nft
