diff 'paloalto=configurations/edge.set [from outside, to dmz] & nftables=configurations/core.nft [from sixteen-letters-, to br-dmz]' configurations/row.policy
