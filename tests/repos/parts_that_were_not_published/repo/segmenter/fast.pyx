def kernel():
    pass
