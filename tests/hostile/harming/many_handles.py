# DESC: returns forty thousand objects, each a handle that the judge must remember and drop
# SUCCESS: a judge that is busy for minutes or dies
# DETECT: status, state
# KIND: cell
# SOLVED: others
# STATUS: failed error
# WALLS: wire judge


def double(x):
    return [object() for _ in range(40_000)]
