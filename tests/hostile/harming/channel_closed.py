# DESC: closes the channel and lives on; a child keeps the other copy open
# SUCCESS: the judge waits for ever
# DETECT: status
# KIND: cell
# SOLVED: others
# STATUS: timeout crashed
# WALLS: judge namespaces


def double(x):
    import os, time

    if os.fork():
        os.close(3)
        time.sleep(60)
    time.sleep(60)
