# DESC: a daemon: double fork, a session of its own, no descriptors, every signal ignored
# SUCCESS: it is alive after the grading
# DETECT: leftover process
# KIND: cell
# WALLS: namespaces judge
import os, signal, time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)
        os.closerange(0, 100)
        time.sleep(25)
    os._exit(0)
