verify kinds/web.policy kinds/asa.cfg -t tables --as-of 2026-01-01
