# DESC: becomes root by setuid, setgroups, capset, ambient sets, securebits, and by writing its id maps again
# SUCCESS: a call that succeeds
# DETECT: word
# KIND: cell
# WALLS: ids seccomp namespaces
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for name, arguments in {"setuid": (0,), "setgid": (0,), "seteuid": (0,), "setresuid": (0, 0, 0), "setreuid": (0, 0), "setfsuid": (0,), "setgroups": (0, None)}.items():
    if name == "setfsuid":
        libc.setfsuid(0)
        if libc.setfsuid(0) == 0:
            won(name)
    else:
        tried(name, getattr(libc, name), *arguments)
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
tried("capset", libc.capset, header, (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6))
tried("ambient", libc.prctl, 47, 2, 21, 0, 0)
tried("securebits", libc.prctl, 28, 0, 0, 0, 0)
for name in ("uid_map", "gid_map", "setgroups", "oom_score_adj"):
    try:
        open(f"/proc/self/{name}", "w").write("0 0 1")
        won(name)
    except OSError:
        pass
status = open("/proc/self/status").read() if os.path.exists("/proc/self/status") else ""
for line in status.splitlines():
    if line.startswith("Cap") and int(line.split()[1], 16):
        won(line)
