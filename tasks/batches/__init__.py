"""Many runs at once: their board, their folder, their processes."""
