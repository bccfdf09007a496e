diff 'paloalto=configurations/edge.set [from outside, to dmz] & configurations/core.nft' configurations/row.policy
