import numpy as np


def weave(threads):
    return np.cumsum(threads)
