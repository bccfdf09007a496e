import aws-sg kinds/template.json
