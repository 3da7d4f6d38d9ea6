import numpy as np

size = 3  # np.int would be gone, too
x = np.zeros(size, dtype=np.float)
