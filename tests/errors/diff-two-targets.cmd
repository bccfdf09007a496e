diff configurations/two.policy configurations/two.policy -t node -t asa --as-of 2026-11-23
