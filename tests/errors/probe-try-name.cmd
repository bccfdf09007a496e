probe render.yaml --try 'a b' --as-of 2026-11-23
