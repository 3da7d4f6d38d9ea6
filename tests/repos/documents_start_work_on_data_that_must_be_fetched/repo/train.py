import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--data_dir")
parser.add_argument("--save_dir", default="runs/last")
print(parser.parse_args())
