# DESC: an iterator that never ends, slowly
# SUCCESS: a judge that hangs
# DETECT: state
# KIND: cell
# CELL: countdown_function
# SOLVED: double norms
# STATUS: error timeout
# WALLS: judge
import itertools


def countdown(n):
    return (x for x in itertools.count())
