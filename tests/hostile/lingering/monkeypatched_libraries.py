# DESC: patches torch, numpy, random, builtins and the import system for whoever comes next
# SUCCESS: a neighbour loses points, or gets them
# DETECT: neighbours, score
# KIND: cell
# WALLS: process namespaces
import builtins, random, sys

import numpy as np
import torch

torch.nn.Linear = torch.optim.Adam = torch.Tensor.norm = torch.Tensor.cumsum = None
np.array = random.random = None
builtins.sum = builtins.len = lambda *a: 6
sys.modules["torch.nn"] = None
sys.path[:] = []
torch.set_default_dtype(torch.float64)
torch.set_grad_enabled(False)
