check good-json.yaml --lock nowhere.lock --as-of 2026-11-23
