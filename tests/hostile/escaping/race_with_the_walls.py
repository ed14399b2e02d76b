# DESC: children that are made, stopped and killed as fast as possible while the server puts up a new process's walls
# SUCCESS: a process outside its namespaces
# DETECT: leftover process, neighbours
# KIND: cell
# SOLVED: others
# WALLS: namespaces process
import os, signal


def double(x):
    for _ in range(300):
        try:
            child = os.fork()
        except OSError:
            break
        if child == 0:
            os.setsid()
            os.fork()
            os._exit(0)
        os.kill(child, signal.SIGKILL)
    os.kill(1, signal.SIGKILL)
    os._exit(3)
