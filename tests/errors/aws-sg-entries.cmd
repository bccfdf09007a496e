render aws-sg-entries.yaml -t aws:terraform --print
