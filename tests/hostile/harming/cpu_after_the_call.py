# DESC: threads and children compute on after the call returned, at the highest priority it can get
# SUCCESS: processes outlive the grading; other exercises lose
# DETECT: leftover process, neighbours
# KIND: cell
# SCORES: any
# WALLS: rlimits namespaces judge


def double(x):
    import os, threading

    for value in (-20, -10, 0):
        try:
            os.setpriority(os.PRIO_PROCESS, 0, value)
        except OSError:
            pass
    if threading.active_count() == 1:
        for _ in range(4):
            if os.fork() == 0:
                while True:
                    pass
        threading.Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()
    return 0
