"""Setuptools' backend, with a wish of its own."""

from setuptools.build_meta import *  # noqa: F403


def get_requires_for_build_wheel(config_settings=None):
    return ["numpy"]
