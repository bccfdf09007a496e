import aws-sg ../read/aws-sg/groups.json --set group=web
