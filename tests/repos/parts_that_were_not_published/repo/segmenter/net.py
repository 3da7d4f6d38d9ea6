from .blocks import Block
from . import heads, tails


class Net(Block, heads.Head, tails.Tail):
    pass
