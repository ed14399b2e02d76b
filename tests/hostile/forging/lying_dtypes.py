# DESC: claims dtypes that the judge has not (object, float128, S8, int3), and booleans that hold 255
# SUCCESS: points for train, or a judge that dies
# DETECT: score, state
# KIND: cell
# CELL: train_network
# STATUS: crashed failed
# WALLS: wire
import random
import torch
from nbjudge import wire


def put(writer, value):
    if type(value) is not torch.Tensor:
        return False
    name = random.choice(["object", "float128", "S8", "int3", "bool", "int64\n", "complex256", "qint8"])
    writer.tokens += (wire.format.TENSOR, name, 1, 100, False, None, True, "cpu")
    writer.buffers.append(b"\xff" * 1600)
    return True


wire.writer._put_torch = put


def make_model():
    return object()


def fit(model, X, y):
    return None


def predict(model, X):
    return X[:, 0]
