from __future__ import print_function

import os, numpy as np
from typing import TYPE_CHECKING

try:
    import cupy
except ImportError:
    cupy = None

try:
    import h5py
except ImportError:
    raise SystemExit("please install h5py")

try:
    import tensorflow.compat.v1 as tf
except ImportError:
    import tensorflow as tf

try:
    from sklearn.model_selection import KFold
except ImportError:
    from sklearn.cross_validation import KFold

try:
    from urllib2 import urlopen
except ImportError:
    from urllib.request import urlopen

if TYPE_CHECKING:
    import pandas


def plot():
    import matplotlib.pyplot as plt
    from google.protobuf import message
    from . import relative
    """
import notreal
    """
    return plt, message, relative
