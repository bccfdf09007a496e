lint lint-reason.yaml
