require 'torch'
require 'nn'
local net = torch.load('net.t7')
print(net)
