# DESC: a thread rewrites the reply in the arena all the time, so that the judge checks one value and uses another
# SUCCESS: points for norms, or a judge that dies
# DETECT: score, state
# KIND: cell
# CELL: norms_function
# WALLS: wire
import gc, threading
import torch
from nbjudge.student.server import Server

server = next(thing for thing in gc.get_objects() if type(thing) is Server)


def scribble():
    one, other = bytes(4096), bytes(range(256)) * 16
    while True:
        server.arena[64:4160] = one
        server.arena[0:64] = other[:64]
        server.arena[64:4160] = other


def row_norms(x):
    if threading.active_count() == 1:
        threading.Thread(target=scribble, daemon=True).start()
    return torch.zeros(len(x), dtype=x.dtype)
