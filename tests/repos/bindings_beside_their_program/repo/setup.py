from setuptools import Extension, setup

try:
    from Cython.Build import build_ext
except ImportError:
    source, commands = "python/counter.c", {}
else:
    source, commands = "python/counter.pyx", {"build_ext": build_ext}

setup(
    name="counter",
    version="1.0",
    cmdclass=commands,
    ext_modules=[Extension("counter", [source, "lines.c"], include_dirs=["."], libraries=["z"])],
)
