from setuptools import Extension, setup

setup(name="segmenter", packages=["segmenter"], ext_modules=[Extension("segmenter.made", ["src/t.c"])])
