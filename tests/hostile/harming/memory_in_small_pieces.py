# DESC: takes memory in small pieces that it touches
# SUCCESS: a neighbour or the judge is killed for memory
# DETECT: neighbours, status
# KIND: cell
# SOLVED: others
# STATUS: memory timeout
# WALLS: rlimits cgroup judge


def double(x):
    kept = []
    while True:
        kept.append(bytearray(b"x") * 1_000_000)
