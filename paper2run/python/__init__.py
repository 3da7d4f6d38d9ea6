"""Python code and projects, read without running them."""
