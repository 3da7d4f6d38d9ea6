import numpy


def depth(charge):
    return numpy.sqrt(charge)
