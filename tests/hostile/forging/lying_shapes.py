# DESC: encodes tensors whose shape is larger than their buffer, negative, or overflows when multiplied
# SUCCESS: memory of the judge's shows up as values, points for norms, or a judge that dies
# DETECT: score, canary, state
# KIND: cell
# CELL: norms_function
# STATUS: crashed failed
# WALLS: wire
import itertools
import torch
from nbjudge import wire

shapes = itertools.cycle([(1 << 20,), (-5,), (1 << 62, 4), (1 << 39, 1 << 39), (0, 1 << 40), (5, 0, 1 << 40), (2**63 - 1,), (1,) * 16])


def put(writer, value):
    if type(value) is not torch.Tensor:
        return False
    shape = next(shapes)
    writer.tokens += (wire.format.TENSOR, "float64", len(shape), *shape, False, None, True, "cpu")
    writer.buffers.append(bytes(40))
    return True


wire.writer._put_torch = put


def row_norms(x):
    return x[:, 0]
