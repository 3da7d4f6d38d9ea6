from setuptools import setup

setup(name="kinds", version="0.1", py_modules=["kinds"], install_requires=["python-magic"])
