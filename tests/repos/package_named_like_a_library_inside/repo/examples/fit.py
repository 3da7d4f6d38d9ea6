from data import load
from diff import grad
from datasets import load_dataset
