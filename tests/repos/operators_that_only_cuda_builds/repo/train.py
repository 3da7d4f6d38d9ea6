import tensorflow as tf

from ops.grouping import group

if __name__ == "__main__":
    print(group(tf.zeros([1, 2])))
