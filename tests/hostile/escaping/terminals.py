# DESC: pushes characters into a terminal (TIOCSTI, TIOCLINUX), takes one over, opens pseudo terminals
# SUCCESS: a call that succeeds
# DETECT: word
# KIND: cell
# WALLS: seccomp namespaces
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for fd in (0, 1, 2, 3):
    for request in (0x5412, 0x541C, 0x540E, 0x5410, 0x5423, 0x1_0000_5412, 0x5425, 0x8901, 0x8902):
        tried(f"ioctl {request:#x} on {fd}", libc.ioctl, fd, ctypes.c_ulong(request), ctypes.create_string_buffer(b"x\n", 64))
for path in ("/dev/tty", "/dev/console", "/dev/ptmx", "/dev/pts/0", "/dev/tty0"):
    try:
        os.open(path, os.O_RDWR)
        won(path)
    except OSError:
        pass
