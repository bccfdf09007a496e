verify configurations/two.policy configurations -t node --as-of 2026-11-23
