"""Text in, values with their lines out; no meaning yet."""
