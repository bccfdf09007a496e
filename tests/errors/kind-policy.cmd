verify kinds/web.policy kinds/web.policy -t asa --as-of 2026-01-01
