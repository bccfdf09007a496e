diff 'paloalto=configurations/edge.set [from outside, to dmz] & nftables=' configurations/row.policy
