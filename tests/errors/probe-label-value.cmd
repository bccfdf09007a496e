probe render.yaml --label 'app=$(id)' --as-of 2026-11-23
