verify configurations/two.policy kinds/any.txt -t tables --as-of 2026-11-23
