import aws-sg kinds/main.tf
