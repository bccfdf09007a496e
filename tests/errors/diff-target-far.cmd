diff configurations/two.policy configurations/two.policy -t nod --as-of 2026-11-23
