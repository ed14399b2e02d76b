# DESC: an object with __array__, __array_interface__, __dlpack__ and __cuda_array_interface__
# SUCCESS: points for norms
# DETECT: score
# KIND: cell
# CELL: norms_function
# WALLS: wire
import numpy as np
import torch


class A:
    shape, dtype, ndim = (5,), torch.float64, 1

    def __init__(self, x):
        self.x = x

    def __array__(self, *a, **k):
        raise SystemExit("called in the judge")

    @property
    def __array_interface__(self):
        return {"shape": (5,), "typestr": "<f8", "data": (id(self), False), "version": 3}

    __cuda_array_interface__ = __array_interface__
    __array_priority__ = 1e9
    __array_ufunc__ = lambda self, *a, **k: True
    __dlpack__ = lambda self, *a, **k: torch.zeros(5).__dlpack__()
    tolist = lambda self: [5, 2]


def row_norms(x):
    return A(x)
