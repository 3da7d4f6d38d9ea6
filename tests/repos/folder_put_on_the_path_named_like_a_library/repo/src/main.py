import _init_paths
import numpy as np

from datasets.dataset_factory import get_dataset
from opts import read_options

if __name__ == "__main__":
    print(np.zeros(2), get_dataset(read_options()))
