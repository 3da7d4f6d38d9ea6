"""What was handed over, held against what comes of it later: files, packages, drift and its causes."""
