import sys

from tides import store


def main():
    store.keep(sys.argv[1:])
