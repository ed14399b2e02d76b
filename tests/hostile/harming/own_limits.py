# DESC: lowers its own limits, unmaps its memory, closes everything, so that the server fails in odd ways
# SUCCESS: the exercise counts as the judge's fault
# DETECT: state, status
# KIND: cell
# SOLVED: others
# STATUS: crashed error timeout memory failed
# WALLS: judge


def double(x):
    import os, resource

    if x == 3:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 20, 1 << 20))
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        return [bytearray(1 << 20)] * 100
    os.closerange(0, 100)
    return 0
