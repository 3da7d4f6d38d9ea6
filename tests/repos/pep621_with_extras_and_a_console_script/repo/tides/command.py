import argparse

from tabulate import tabulate

from tides.levels import level


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("hour", type=float)
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    style = "plain" if options.plain else "github"
    print(tabulate([[options.hour, level(options.hour)]], tablefmt=style))
