# DESC: opens descriptors of every kind until it can't: pipes, epolls, timers, eventfds, inotify
# SUCCESS: more than 600 open at once, or neighbours that lose points
# DETECT: word, neighbours
# KIND: cell
# WALLS: rlimits
import ctypes, os, select

libc, kept = ctypes.CDLL(None), []
try:
    while len(kept) < 5000:
        kept += [*os.pipe(), os.eventfd(0), os.dup(3), libc.inotify_init1(0), libc.timerfd_create(1, 0), select.epoll()]
        if -1 in kept:
            break
except OSError as error:
    print(error)
if len(kept) > 600:
    won(len(kept))
