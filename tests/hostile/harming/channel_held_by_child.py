# DESC: the process exits and a daemon of its own keeps the channel open
# SUCCESS: the judge waits for ever, or the daemon lives on
# DETECT: status, leftover process
# KIND: cell
# SOLVED: others
# STATUS: crashed
# WALLS: namespaces judge


def double(x):
    import os, time

    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
    os._exit(0)
