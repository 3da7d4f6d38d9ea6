from setuptools import setup
def a():
    b()
def b():
    a()
a()
x = []
x = x + x + ['numpy']
for i in range(99):
    x += x
setup(name='loop', install_requires=x)
