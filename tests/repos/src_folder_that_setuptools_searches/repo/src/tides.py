"""Prints the hours of high water."""

from harmonics import high_waters


def main():
    print(high_waters(1))
