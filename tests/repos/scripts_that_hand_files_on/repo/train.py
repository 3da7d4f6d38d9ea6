import numpy as np

features = np.load("out/features.npy")
labels = np.load("labels.npy")
print(features.sum(), labels.sum())
