from waves.core import height
