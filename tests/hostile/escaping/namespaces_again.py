# DESC: makes new user, mount, network and pid namespaces, where it would be root
# SUCCESS: a namespace
# DETECT: word
# KIND: cell
# WALLS: seccomp ids
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for flag in (0x10000000, 0x00020000, 0x40000000, 0x20000000, 0x08000000, 0x04000000, 0x02000000, 0x80, 0x10020000):
    tried(f"unshare {flag:#x}", libc.unshare, flag)
    pid = libc.syscall(56, flag | 17, 0, 0, 0, 0)  # clone
    if pid == 0:
        libc._exit(0)
    if pid > 0:
        won(f"clone {flag:#x}")
arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
pid = libc.syscall(435, arguments, 88)
if pid == 0:
    libc._exit(0)
if pid > 0:
    won("clone3")
