verify configurations/two.policy configurations/empty.txt -t list --as-of 2026-11-23
