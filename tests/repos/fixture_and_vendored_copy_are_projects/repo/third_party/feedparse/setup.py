from setuptools import setup

setup(name="feedparse", packages=["feedparse"], python_requires=">=2.7,<3")
