import nltk
import numpy as np
import pandas as pd
from datasets import load_dataset
from transformers import AutoModel

nltk.download("punkt")
AutoModel.from_pretrained("bert-base-uncased")
load_dataset("squad")
pd.read_csv("data/there.csv")
pd.read_csv("data/missing.csv")
np.load("cache.npy")
np.save("cache.npy", 1)
open("out.csv", "w")
with open("notes.csv", mode="w") as handle:
    print(handle)
