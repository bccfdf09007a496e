diff 'paloalto=configurations/edge.set [from outside, to dmz] & ' configurations/row.policy
