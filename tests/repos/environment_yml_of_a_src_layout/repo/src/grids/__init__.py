import numpy as np
import yaml
from tabulate import tabulate


def cells(size):
    return np.arange(size * size).reshape(size, size)


def described(size):
    return yaml.safe_dump({"size": size}) + tabulate(cells(size).tolist())
