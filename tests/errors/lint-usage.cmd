lint joins.yaml -t x
