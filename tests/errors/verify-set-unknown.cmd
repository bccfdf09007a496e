verify configurations/two.policy configurations/two.cfg -t asa --set zzzzzzz=1 --as-of 2026-11-23
