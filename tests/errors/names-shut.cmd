check names-shut.yaml
