"""Adds numbers in C."""

from sums._sums import total

__all__ = ["total"]
