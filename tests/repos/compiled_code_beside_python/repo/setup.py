from numpy.distutils.core import setup
setup()
