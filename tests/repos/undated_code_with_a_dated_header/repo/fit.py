# -*- coding: utf-8 -*-
"""
Created on Mon Mar  2 10:21:33 2015

@author: someone
"""

import numpy as np

print(np.polyfit([0, 1, 2], [1, 3, 5], 1))
