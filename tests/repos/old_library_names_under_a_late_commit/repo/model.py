import pandas as pd
import tensorflow as tf
from scipy.misc import imread, imresize

# np.float was never used here


def network(features):
    return tf.contrib.layers.fully_connected(features, 10)


def table(path):
    return pd.Panel(imread(path))
