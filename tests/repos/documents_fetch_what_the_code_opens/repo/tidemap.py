#!/usr/bin/env python3
import getopt
import os
import subprocess
import sys

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))

if __name__ == "__main__":
    options, _ = getopt.getopt(sys.argv[1:], "s:")
    if not options:
        print("Usage: ./tidemap.py -s stations.fa")
        sys.exit()
    subprocess.call(["search", "-db", HERE + "/HarmonicDB/main", dict(options)["-s"]])
    print(numpy.pi)
