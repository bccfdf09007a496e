verify configurations/two.policy configurations/empty.txt -t asa --as-of 2026-11-23
