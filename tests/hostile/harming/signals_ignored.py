# DESC: ignores every signal that can be ignored, blocks the rest, and sleeps
# SUCCESS: it outlives its deadline
# DETECT: status, leftover process
# KIND: cell
# SOLVED: others
# STATUS: timeout crashed
# WALLS: judge namespaces


def double(x):
    import signal, time

    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
