# DESC: punches holes into the arena, drops its pages, tries to seal, shrink, grow and lock it while the judge reads
# SUCCESS: a judge that dies of SIGBUS (its thread goes on, and may spoil answers of its own: it solves nothing else)
# DETECT: state
# KIND: cell
# WALLS: wire
import ctypes, fcntl, os, threading

libc = ctypes.CDLL(None, use_errno=True)


def punch():
    while True:
        libc.fallocate(4, 3, ctypes.c_long(0), ctypes.c_long(256 << 20))  # PUNCH_HOLE | KEEP_SIZE


def double(x):
    threading.Thread(target=punch, daemon=True).start()
    for seal in (1, 2, 4, 8, 16):
        tried(f"seal {seal}", fcntl.fcntl, 4, 1033, seal)
    for size in (0, 1 << 40):
        try:
            os.ftruncate(4, size)
        except OSError:
            pass
    fcntl.flock(4, fcntl.LOCK_EX)
    return bytes(1 << 20)
