# DESC: a tensor's claims (device, grad_fn) hold an escape sequence, a path, 10,000 characters
# SUCCESS: a judge that dies, or text of the student's in a place that trusts it
# DETECT: state, status
# KIND: cell
# CELL: norms_function
# STATUS: crashed failed
# WALLS: wire
import itertools
import torch
from nbjudge import wire

claims = itertools.cycle([("cpu; rm", None), ("cpu", "x" * 10_000), ("cuda:99999", "\x1b[31m<script>"), ("meta", "\u202e"), (3, 4)])


def put(writer, value):
    if type(value) is not torch.Tensor:
        return False
    device, function = next(claims)
    writer.tokens += (wire.format.TENSOR, "float64", 1, 5, True, function, True, device)
    writer.buffers.append(bytes(40))
    return True


wire.writer._put_torch = put


def row_norms(x):
    return x[:, 0]
