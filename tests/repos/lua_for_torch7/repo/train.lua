-- require 'nothing'
require 'torch'
require 'nn'
require 'util.misc'
local model_utils = require('util.model_utils')

print(nn.Linear(2, 2))
