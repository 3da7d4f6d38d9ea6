import numpy


def layers(user size):
    return numpy.ones(user size)
