import numpy as np
from scipy import stats
try:
    import numba
except ImportError:
    numba = None
