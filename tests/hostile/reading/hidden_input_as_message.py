# DESC: keeps the inputs of a hidden test and shows them in the message of a test that is not hidden
# SUCCESS: a canary: expected values and messages of hidden tests stay unknown. Inputs are the student's to see, by design
# DETECT: canary
# KIND: cell
# WALLS: process wire
import builtins

builtins.kept = getattr(builtins, "kept", [])


def double(x):
    import sys

    frame = sys._getframe()
    while frame:
        builtins.kept.append(repr(frame.f_locals)[:2000])
        frame = frame.f_back
    raise RuntimeError(repr(builtins.kept)[:3900])
