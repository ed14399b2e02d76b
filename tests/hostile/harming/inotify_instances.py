# DESC: opens as many inotify instances and epoll watches as it gets; the kernel counts instances in the parent namespaces too
# SUCCESS: the grader, or root on the host, is refused one
# DETECT: output
# KIND: cell
# SOLVED: others
# WALLS: seccomp ids
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for number in range(200):
    if libc.inotify_init1(0) >= 0 or libc.inotify_init() >= 0:
        won("inotify")
print(os.strerror(ctypes.get_errno()) if (os := __import__("os")) else "")
