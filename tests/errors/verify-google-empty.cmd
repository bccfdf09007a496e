verify configurations/two.policy configurations/empty.txt -t google --as-of 2026-11-23
