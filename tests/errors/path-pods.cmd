diff 'paloalto=configurations/edge.set [from outside, to dmz] & kubernetes=configurations/pods.yaml' configurations/row.policy
