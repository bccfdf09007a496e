verify configurations/two.policy configurations/empty.txt -t azure --as-of 2026-11-23
