import aws-sg ../read/aws-sg/groups.json --protects group=sg-0b00000000000000b
