from setuptools import find_packages, setup

setup(name="crawl", packages=find_packages(include=["crawl"]), install_requires=["requests"])
