# DESC: ends itself by RLIMIT_CPU, by an interval timer, by an alarm
# SUCCESS: the exercise counts as the judge's fault
# DETECT: state, status
# KIND: cell
# SOLVED: others
# STATUS: crashed timeout error
# WALLS: judge


def double(x):
    import resource, signal

    if x == 3:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        while True:
            pass
    resource.setrlimit(resource.RLIMIT_CPU, (0, 0))
    while True:
        pass
