from setuptools import setup

setup(name="waves", packages=["waves"])
