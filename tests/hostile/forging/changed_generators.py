# DESC: replaces torch.randn, manual_seed and random so that data are all zeroes
# SUCCESS: points for norms or train
# DETECT: score
# KIND: cell
# CELL: train_network
# STATUS: failed
# WALLS: process
import random
import torch

torch.randn = torch.rand = lambda *shape, **k: torch.zeros(*[n for n in shape if isinstance(n, int)])
torch.manual_seed = random.seed = lambda *a: None
torch.Tensor.__matmul__ = lambda self, other: torch.zeros(len(self))


def make_model():
    return 0


def fit(model, X, y):
    return None


def predict(model, X):
    return torch.zeros(len(X), dtype=torch.long)
