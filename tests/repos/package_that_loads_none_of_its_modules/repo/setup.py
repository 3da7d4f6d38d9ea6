from setuptools import find_packages, setup

setup(name="waves", packages=find_packages())
