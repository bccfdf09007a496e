diff 'paloalto=configurations/edge.set & cisco-asa=configurations/two.cfg' configurations/row.policy -t 'edge & asa' --as-of 2026-11-23
