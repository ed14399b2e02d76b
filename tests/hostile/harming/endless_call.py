# DESC: a call that never ends, inside one long C call that holds the interpreter
# SUCCESS: the judge waits
# DETECT: status, other exercises' scores
# KIND: cell
# SOLVED: others
# STATUS: timeout crashed
# WALLS: judge


def double(x):
    return 10 ** (10**9)
