"""From facts to what an environment wants."""
