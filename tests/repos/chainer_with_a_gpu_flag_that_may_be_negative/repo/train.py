import argparse
import chainer

parser = argparse.ArgumentParser()
parser.add_argument("--gpu", type=int, default=-1)
args = parser.parse_args()
if args.gpu >= 0:
    chainer.cuda.get_device_from_id(args.gpu).use()
