probe render.yaml --try 10.0.0.0/8 --as-of 2026-11-23
