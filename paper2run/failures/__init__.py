"""A failed attempt, read."""
