probe render.yaml --flow no-such-flow-at-all --as-of 2026-11-23
