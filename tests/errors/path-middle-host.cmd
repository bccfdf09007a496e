diff 'paloalto=configurations/edge.set [from outside, to dmz] & nftables=configurations/core.nft [host] & nftables=configurations/core.nft [forward]' configurations/row.policy
