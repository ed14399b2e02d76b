# DESC: leaves the import lock, logging locks, the arena and standard streams locked, from a thread that never ends
# SUCCESS: the judge waits longer than its deadline, or a neighbour hangs
# DETECT: state, neighbours
# KIND: cell
# SCORES: any
# WALLS: judge process


def double(x):
    import _imp, fcntl, logging, threading, time

    def hold():
        _imp.acquire_lock()
        logging._acquireLock() if hasattr(logging, "_acquireLock") else None
        fcntl.flock(4, fcntl.LOCK_EX)
        time.sleep(600)

    threading.Thread(target=hold, daemon=True).start()
    time.sleep(0.05)
    return 0
