import aws-sg kinds/state.json
