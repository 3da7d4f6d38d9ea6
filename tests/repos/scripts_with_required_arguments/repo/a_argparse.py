import argparse

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("extra", nargs="*")
parser.add_argument("-o", "--output", required=True)
parser.add_argument("--seed", default=1)
parser.parse_args()
