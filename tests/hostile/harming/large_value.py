# DESC: returns a value just under the arena's size, and one over it
# SUCCESS: a judge without memory
# DETECT: status, state
# KIND: cell
# SOLVED: others
# STATUS: failed error memory timeout
# WALLS: wire judge
import torch


def double(x):
    return torch.zeros((255 << 20) if x == 3 else (300 << 20), dtype=torch.uint8)
