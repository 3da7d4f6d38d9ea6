from setuptools import setup
setup(name='still-here')
