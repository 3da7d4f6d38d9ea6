from setuptools import setup

setup(name="requests", packages=["requests"], entry_points={"console_scripts": ["fetch=requests:main"]})
