import torch

torch.nn.Linear(2, 2).cuda()
