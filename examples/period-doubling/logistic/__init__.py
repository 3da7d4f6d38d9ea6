"""Period doubling of the logistic map x -> r x (1 - x)."""

from logistic.cascade import alpha, delta, superstable
from logistic.lyapunov import exponent

__all__ = ["alpha", "delta", "exponent", "superstable"]
