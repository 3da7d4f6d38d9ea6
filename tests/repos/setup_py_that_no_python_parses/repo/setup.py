from setuptools import setup
<<<<<<< HEAD
setup(name='a')
=======
setup(name='b')
