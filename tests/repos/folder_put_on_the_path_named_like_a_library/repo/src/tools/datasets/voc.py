import datasets

ROOT = datasets.__file__
