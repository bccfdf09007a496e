diff aws-sg=../read/aws-sg/groups.json aws-sg=../read/aws-sg/groups.json
