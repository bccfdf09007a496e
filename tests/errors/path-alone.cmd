diff 'nftables=configurations/core.nft [from eth0]' configurations/row.policy
