import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--out")
parser.add_argument(
    "--dataset", default=os.path.join(os.path.dirname(__file__), "../data/test.npz")
)
print(parser.parse_args())
