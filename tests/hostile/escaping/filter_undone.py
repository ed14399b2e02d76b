# DESC: takes its own walls down: seccomp, no_new_privs, dumpable, Landlock, limits, parent-death signal
# SUCCESS: a wall that falls
# DETECT: word
# KIND: cell
# WALLS: seccomp ids rlimits
import ctypes, resource

libc = ctypes.CDLL(None, use_errno=True)
tried("no_new_privs", libc.prctl, 38, 0, 0, 0, 0)
libc.prctl(22, 0, 0, 0, 0)
libc.prctl(4, 1, 0, 0, 0)
if libc.prctl(39, 0, 0, 0, 0) == 0:
    won("no_new_privs is off")
if libc.prctl(21, 0, 0, 0, 0) == 0:
    won("seccomp is off")
for kind in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_CPU):
    try:
        resource.setrlimit(kind, (resource.RLIM_INFINITY,) * 2)
        won(f"limit {kind}")
    except (OSError, ValueError):
        pass
try:
    resource.prlimit(0, resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
    won("prlimit")
except (OSError, ValueError):
    pass
