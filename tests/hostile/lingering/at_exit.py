# DESC: atexit, __del__, weakref callbacks, at-fork hooks and threading._register_atexit run code at the end
# SUCCESS: a process, a file or a forged reply after the end
# DETECT: leftover, state
# KIND: cell
# SOLVED: others
# WALLS: namespaces judge process
import atexit, gc, os, sys, threading, time, weakref


def last():
    open(f"/tmp/left-by-{NAME}", "w")
    while True:
        time.sleep(1)


class Late:
    def __del__(self):
        last()


late = Late()
cycle = [late]
cycle.append(cycle)
atexit.register(last)
threading._register_atexit(last)
os.register_at_fork(before=lambda: None, after_in_child=last)
weakref.finalize(late, last)
sys.exitfunc = last
