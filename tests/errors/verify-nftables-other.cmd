verify configurations/two.policy configurations/two.cfg -t node --as-of 2026-11-23
