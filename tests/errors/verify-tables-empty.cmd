verify configurations/two.policy configurations/empty.txt -t tables --as-of 2026-11-23
