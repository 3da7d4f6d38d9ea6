def height(x):
    return 2 * x
