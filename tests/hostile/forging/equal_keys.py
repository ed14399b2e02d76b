# DESC: dictionaries and sets with one key twice (1, True, 1.0), with unhashable and with NaN keys, written by hand
# SUCCESS: a judge that dies, or points for double
# DETECT: state, status
# KIND: cell
# STATUS: crashed failed
# WALLS: wire
from nbjudge import wire


class Twice:
    pass


def put(writer, value):
    if type(value) is Twice:
        writer.tokens += (wire.format.DICT, 2, wire.format.INT, 1, wire.format.INT, 6, wire.format.TRUE, wire.format.INT, 7)
        return True
    return False


wire.writer._put_numpy = put


def double(x):
    return Twice()
