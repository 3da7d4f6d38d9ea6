from setuptools import setup

setup(name="reader", version="1", packages=["reader"])
