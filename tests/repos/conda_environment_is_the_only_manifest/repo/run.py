import numpy
import emcee
