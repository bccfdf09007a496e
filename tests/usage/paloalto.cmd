usage policy.yaml --as-of 2026-11-23 -t pan pan.set hits.xml
usage policy.yaml --as-of 2026-11-23 -t pan hits.xml --json
usage policy.yaml --as-of 2026-11-23 -t pan hits-old.xml
usage policy.yaml --as-of 2026-11-23 -t pan hits-bad.xml
verify policy.yaml -t pan hits.xml
