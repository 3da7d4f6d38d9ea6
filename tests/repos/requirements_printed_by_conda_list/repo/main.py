import numpy
import pandas
import tqdm
