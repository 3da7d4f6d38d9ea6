import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

extension = Extension(
    "fastsum._loops", ["fastsum/_loops.pyx"], include_dirs=[numpy.get_include()]
)
setup(
    name="fastsum",
    version="1.0",
    packages=["fastsum"],
    install_requires=["numpy>=1.20"],
    ext_modules=cythonize([extension]),
)
