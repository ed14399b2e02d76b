# DESC: forty children take 60 MB each, and share memory that none of them maps any more
# SUCCESS: a neighbour or the judge is killed for memory
# DETECT: neighbours, status
# KIND: cell
# SOLVED: others
# STATUS: memory crashed timeout
# WALLS: cgroup judge


def double(x):
    import os, time

    for _ in range(40):
        if os.fork() == 0:
            kept = bytearray(b"x") * (60 << 20)
            time.sleep(60)
    time.sleep(60)
