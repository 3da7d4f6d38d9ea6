import setuptools
setuptools.setup(use_scm_version=True, setup_requires=['setuptools_scm'])
