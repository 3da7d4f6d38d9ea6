import diff.numpy as np
import helper
import yaml
