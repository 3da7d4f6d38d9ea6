import numpy
from diff.core import grad
