# DESC: timers and signal handlers that fire during later tests and raise in the middle of the server
# SUCCESS: another exercise is blamed on the judge, or the judge hangs
# DETECT: state, status
# KIND: cell
# SCORES: any
# WALLS: judge


def double(x):
    import signal

    def ring(*_):
        raise KeyboardInterrupt("now")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    return 0
