verify configurations/two.policy configurations/two.cfg -t asa --set interfaces=inside --as-of 2026-11-23
