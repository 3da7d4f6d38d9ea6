from setuptools import setup

setup(name="ions", version="0.1", packages=["ions"], install_requires=["numpy"])
