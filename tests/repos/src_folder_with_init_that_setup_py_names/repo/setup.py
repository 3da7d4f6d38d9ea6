from setuptools import setup

setup(name='tides', packages=['tides'], package_dir={'': 'src'})
