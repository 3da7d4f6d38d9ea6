import os
import sys
from setuptools import setup, find_packages
from simtools import __version__

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'requirements.txt')) as handle:
    required = handle.read().splitlines()

tests = ['pytest'] + ['mock']
if sys.version_info[0] == 2:
    required.append('futures')
else:
    tests += ['pytest-asyncio']


def read(name):
    return [line.strip() for line in open(name)]


extras = dict(plot=['matplotlib>=2'], docs=read('docs/requirements.txt'))
extras['all'] = extras['plot'] + ['jupyter']
extras['old'] = ['lxml<4.4' if sys.version_info[:2] == (3, 4) else 'lxml']
extras[':python_version < "3.3"'] = ['funcsigs']

setup(
    name='sim-tools',
    version=__version__,
    packages=find_packages(),
    python_requires='>=2.7, !=3.0.*, !=3.1.*',
    install_requires=required + '''
        six
        click>=6
    '''.split(),
    tests_require=tests,
    extras_require=extras,
    setup_requires=['pytest-runner'] if 'test' in sys.argv else [],
    use_2to3=True,
    entry_points={'console_scripts': ['simulate = simtools.cli:main']},
)
