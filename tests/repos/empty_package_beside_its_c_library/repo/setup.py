from setuptools import Extension, setup

setup(
    name="fit",
    version="0.1",
    packages=["fit", "speed"],
    ext_modules=[Extension("speed.core", ["speed/core.c"])],
)
