explain proxies-flows.yaml
