diff 'paloalto=configurations/edge.set [from outside, to dmz] & nftable=configurations/core.nft' configurations/row.policy
