diff 'paloalto=configurations/edge.set [from outside, to dmz] & nftables=configurations/good.nft & nftables=configurations/core.nft [forward]' configurations/row.policy
