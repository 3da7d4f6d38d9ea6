import argparse
from collections import Counter

import yaml
from dateutil import parser as dates
from tabulate import tabulate


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", required=True)
    parser.add_argument("--config")
    parser.add_argument("--top", type=int, default=3)
    options = parser.parse_args()
    top = options.top
    if options.config:
        with open(options.config) as file:
            top = yaml.safe_load(file)["top"]
    with open(options.input) as file:
        counted = Counter(file.read().split())
    print(dates.parse("2023-02-10").year, tabulate(counted.most_common(top)))


if __name__ == "__main__":
    main()
