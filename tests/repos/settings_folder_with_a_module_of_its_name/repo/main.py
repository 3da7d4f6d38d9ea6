import logging

import numpy as np

from config.config import LEVEL

logging.basicConfig(level=LEVEL)
print(np.zeros(3))
