"""Superstable parameters of the period-doubling cascade and Feigenbaum's two constants.

R_n is the parameter at which the critical point x = 1/2 lies on the stable cycle of period 2**n.
"""

import numpy as np

# The first two are known in closed form; every later one is found from its forerunners.
R0 = 2.0
R1 = 1.0 + np.sqrt(5.0)
FIRST_RATIO = 4.7
NEWTON_STEPS = 50


def orbit_end(r, period):
    """Return x and dx/dr after `period` steps of the map from x = 1/2."""
    x, slope = 0.5, 0.0
    for _ in range(period):
        x, slope = r * x * (1.0 - x), x * (1.0 - x) + r * (1.0 - 2.0 * x) * slope
    return x, slope


def newton(guess, period):
    """Return the root r of f^period(1/2; r) = 1/2 that is nearest to `guess`."""
    r = guess
    for _ in range(NEWTON_STEPS):
        x, slope = orbit_end(r, period)
        step = (x - 0.5) / slope
        r -= step
        if abs(step) < 1e-15:
            break
    return r


def superstable(levels):
    """Return R_0 ... R_levels as an array."""
    if levels < 2:
        raise ValueError("at least two levels are needed")
    found = [R0, R1]
    ratio = FIRST_RATIO
    for n in range(2, levels + 1):
        gap = found[-1] - found[-2]
        found.append(newton(found[-1] + gap / ratio, 2**n))
        ratio = gap / (found[-1] - found[-2])
    return np.array(found)


def delta(parameters):
    """Return the ratios of successive gaps; they tend to 4.6692..."""
    gaps = np.diff(parameters)
    return gaps[:-1] / gaps[1:]


def alpha(parameters):
    """Return the ratios of successive distances of the two points next to x = 1/2; they tend to -2.5029..."""
    distances = np.array(
        [orbit_end(r, 2 ** (n - 1))[0] - 0.5 for n, r in enumerate(parameters) if n > 0]
    )
    return distances[:-1] / distances[1:]
