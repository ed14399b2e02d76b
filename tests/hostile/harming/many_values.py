# DESC: returns a million numbers in nested lists, as deep as is allowed, and deeper
# SUCCESS: a judge that is busy for minutes or dies
# DETECT: status, state
# KIND: cell
# SOLVED: others
# STATUS: failed error
# WALLS: wire judge


def double(x):
    if x == 3:
        return [[0] * 100 for _ in range(4000)]
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep
