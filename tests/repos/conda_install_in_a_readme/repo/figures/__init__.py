from .plots import boundary
