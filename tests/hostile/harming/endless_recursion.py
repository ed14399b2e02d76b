# DESC: recursion without end, in Python, in __repr__, in C by nested structures, and with the limit lifted
# SUCCESS: a judge or fork server that dies
# DETECT: status, neighbours
# KIND: cell
# SOLVED: others
# STATUS: crashed error timeout memory
# WALLS: namespaces judge
import sys


def double(x):
    sys.setrecursionlimit(10**8)
    return double(x)
