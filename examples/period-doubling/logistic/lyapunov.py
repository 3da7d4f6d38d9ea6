"""Lyapunov exponent of the logistic map, averaged over an ensemble of starting points."""

import numpy as np


def exponent(r, starts=200, transient=500, steps=5000):
    """Return the mean of log |f'(x)| along `starts` orbits after `transient` steps are dropped."""
    x = (np.arange(starts) + 0.5) / (starts + np.sqrt(2.0))
    for _ in range(transient):
        x = r * x * (1.0 - x)
    total = 0.0
    for _ in range(steps):
        x = r * x * (1.0 - x)
        total += np.mean(np.log(np.abs(r * (1.0 - 2.0 * x)) + 1e-300))
    return float(total / steps)
