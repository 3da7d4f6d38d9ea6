import tensorflow as tf

print(tf.load_op_library("ops/sample.so"))
