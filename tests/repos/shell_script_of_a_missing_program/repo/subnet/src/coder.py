import numpy


def coded(image):
    return numpy.round(image)
