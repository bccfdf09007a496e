verify configurations/two.policy configurations/two.cfg -t asa --set interface --as-of 2026-11-23
