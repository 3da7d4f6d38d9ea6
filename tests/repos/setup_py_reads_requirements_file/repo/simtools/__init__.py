from .core import run
__version__ = '1.0'
