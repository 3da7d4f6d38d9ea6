import argparse

import numpy

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--mode", default="train")

if __name__ == "__main__":
    args = parser.parse_args()
    state = {"train": numpy.zeros(3)}
    print(state["train"].sum(), args.mode == "train", args.epochs)
