usage policy.yaml --as-of 2026-11-23 -t asa asa.cfg asa-list.txt
usage policy.yaml --as-of 2026-11-23 -t asa asa-list.txt -q
usage policy.yaml --as-of 2026-11-23 -t asa asa-bad.txt
usage policy.yaml --as-of 2026-11-23 -t asa asa.cfg
verify policy.yaml -t asa asa-list.txt
