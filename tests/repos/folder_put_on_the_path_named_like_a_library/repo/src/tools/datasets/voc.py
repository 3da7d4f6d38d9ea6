from datasets import dataset_factory

ROOT = dataset_factory.__file__
