from setuptools import setup
setup(name="diff", packages=["diff", "diff.numpy"])
