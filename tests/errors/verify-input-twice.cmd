verify - - -t node --as-of 2026-11-23
