from .core import grad
