from setuptools import setup

setup(name="waves", version="1.0", packages=["waves"], install_requires=["earthengine-api"])
