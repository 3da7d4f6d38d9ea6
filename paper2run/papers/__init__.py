"""A paper's text, and the repositories that it names."""
