import mxnet as mx

contexts = [mx.context.gpu(0)]
print(mx.nd.zeros((3,), ctx=contexts[0]))
