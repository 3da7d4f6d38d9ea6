from setuptools import setup

setup(name="sound", packages=["sound"], install_requires=["numpy"])
