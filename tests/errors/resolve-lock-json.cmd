resolve lock-json/policy.yaml --server 127.0.0.1:9
