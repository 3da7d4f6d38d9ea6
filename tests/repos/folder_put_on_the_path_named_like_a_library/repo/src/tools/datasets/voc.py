import datasets.dataset_factory

ROOT = datasets.__file__
