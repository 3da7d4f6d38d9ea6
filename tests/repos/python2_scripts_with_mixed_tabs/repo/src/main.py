import argparse
import cPickle
import numpy as np
import walks


def read(path):
    try:
        return cPickle.load(open(path))
    except IOError, error:
        raise ValueError, "no graph at %s" % path


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("graph")
    parser.add_argument("--walks", type=int, default=10)
    print walks.simulate(read(parser.parse_args().graph))
