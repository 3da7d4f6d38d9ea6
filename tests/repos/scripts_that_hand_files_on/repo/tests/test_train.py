import numpy as np


def test_sum(tmp_path):
    np.save(tmp_path / "labels.npy", np.arange(3))
