import os, sys
from distutils.core import setup
from distutils.extension import Extension

try:
    import numpy
except ImportError, e:
    print "numpy is needed first:", e
    sys.exit(1)

if sys.version_info < (2, 6):
    raise RuntimeError, "too old"

setup(
    name='oldtool',
    packages=['oldtool'],
    scripts=['bin/oldtool'],
    requires=['numpy (>=1.3)'],
    install_requires=['scipy>=0.7'],
    classifiers=['Programming Language :: Python :: 2'],
    ext_modules=[Extension('oldtool._fast', ['src/fast.c', 'src/kernel.f90'],
                           include_dirs=[numpy.get_include()])],
)
