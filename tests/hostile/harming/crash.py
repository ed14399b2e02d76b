# DESC: dereferences nothing, aborts, divides by zero in C, executes rubbish, uses a killed call
# SUCCESS: a fork server or a judge that dies
# DETECT: status, neighbours
# KIND: cell
# SOLVED: others
# STATUS: crashed
# WALLS: namespaces judge


def double(x):
    import ctypes, os

    if x == 3:
        ctypes.string_at(0)
    os.abort()
