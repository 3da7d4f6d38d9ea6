from setuptools import setup

setup(name="walks", packages=["walks"], entry_points={"console_scripts": ["walks = walks:main"]})
