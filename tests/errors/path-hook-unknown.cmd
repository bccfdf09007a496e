diff 'paloalto=configurations/edge.set [from outside, to dmz] & nftables=configurations/core.nft [sideways]' configurations/row.policy
