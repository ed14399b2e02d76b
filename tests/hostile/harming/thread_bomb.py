# DESC: starts threads until it can't, then waits
# SUCCESS: neighbours that lose points
# DETECT: neighbours, leftover process
# KIND: cell
# SOLVED: others
# STATUS: error timeout crashed memory
# WALLS: rlimits cgroup judge


def double(x):
    import threading, time

    while True:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
