usage policy.yaml --as-of 2026-11-23 -t asa asa.cfg asa-list.txt
usage policy.yaml --as-of 2026-11-23 -t asa asa-list.txt -q
usage policy.yaml --as-of 2026-11-23 -t asa asa-bad.txt
usage policy.yaml --as-of 2026-11-23 -t asa asa.cfg
usage policy.yaml --as-of 2026-11-23 -t asa asa.cfg asa-more.txt
usage policy.yaml --as-of 2026-11-23 -t asa asa.cfg asa-old.txt
usage policy.yaml --as-of 2026-11-23 -t asa asa-old.txt
usage policy.yaml --as-of 2026-11-23 -t asa asa.cfg asa-list.txt asa-list.txt
usage policy.yaml --as-of 2026-11-23 -t asa asa-odd.txt
usage both.yaml --as-of 2026-11-23 -t both both.cfg both-list.txt
verify policy.yaml -t asa asa-list.txt
