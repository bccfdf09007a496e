verify configurations/two.policy configurations/cut.json -t azure --as-of 2026-11-23
