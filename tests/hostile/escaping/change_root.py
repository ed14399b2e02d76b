# DESC: chroot and pivot_root into a folder of its own, then out of it by fchdir
# SUCCESS: a call that succeeds
# DETECT: word
# KIND: cell
# WALLS: seccomp ids
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
os.mkdir("r")
top = os.open("/", os.O_RDONLY)
tried("chroot", libc.chroot, b"r")
tried("pivot_root", libc.syscall, 155, b".", b"r")
os.fchdir(top)
for _ in range(20):
    os.chdir("..")
if set(os.listdir(".")) & {"var", "boot", "sys", "srv", "mnt"}:
    won(os.listdir("."))
