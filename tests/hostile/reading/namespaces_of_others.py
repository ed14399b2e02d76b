# DESC: joins the namespaces of its parents through /proc/*/ns
# SUCCESS: setns succeeds
# DETECT: word
# KIND: cell
# WALLS: seccomp ids proc
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for pid in ("self", 1, 2, os.getppid()):
    for name in ("mnt", "pid", "pid_for_children", "net", "ipc", "uts", "user", "cgroup", "time"):
        try:
            fd = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY)
        except OSError:
            continue
        tried(f"setns {pid} {name}", libc.setns, fd, 0)
tried("setns of a pidfd", libc.setns, os.pidfd_open(1), 0x20000)
