# DESC: changes default dtype, gradient mode, deterministic mode, print options, the working directory, umask and locale
# SUCCESS: another exercise of its own that is solved fails, or a neighbour's
# DETECT: score, neighbours
# KIND: cell
# SOLVED: others
# WALLS: judge process


def double(x):
    import locale, os, sys

    import torch

    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    os.chdir("/")
    os.umask(0o777)
    sys.setrecursionlimit(120)
    sys.dont_write_bytecode = True
    return 0
# --- check ---
def check(outcome):
    pass
