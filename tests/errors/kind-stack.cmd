import aws-sg kinds/stack.yml
