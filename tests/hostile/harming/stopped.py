# DESC: stops itself, and its children stop one another
# SUCCESS: the judge waits for ever
# DETECT: status
# KIND: cell
# SOLVED: others
# STATUS: timeout crashed
# WALLS: judge namespaces


def double(x):
    import os, signal, time

    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)
    os.kill(-1, signal.SIGSTOP)
    while True:
        time.sleep(1)
