render baseline-lacks.yaml --print --as-of 2026-11-23
