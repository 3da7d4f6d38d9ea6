"""Finds the numbers that authors state, and compares them with what their commands print."""
