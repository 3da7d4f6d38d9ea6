import config
import numpy as np

from segmenter.data.loader import Slices
from segmenter.metrics.dice import dice
from segmenter import losses
from segmenter import VERSION
from segmenter.net import Net
from segmenter._version import version
from segmenter.fast import kernel
from segmenter.made import table
from segmenter.calls import call

try:
    import secrets_of_mine
except ImportError:
    secrets_of_mine = None


def plot():
    from segmenter.plots import draw

    draw(Slices, dice, losses, Net, version, kernel, table, call, VERSION, config, np)


if __name__ == "__main__":
    plot()
