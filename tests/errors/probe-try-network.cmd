probe render.yaml --try nowhere=192.0.2.1 --as-of 2026-11-23
