# DESC: mounts, unmounts, moves, remounts and binds, with the old calls and the new
# SUCCESS: a call that succeeds
# DETECT: word
# KIND: cell
# WALLS: seccomp ids
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
tried("mount tmpfs", libc.mount, b"none", b"/tmp/work", b"tmpfs", 0, None)
tried("mount proc", libc.mount, b"proc", b"/tmp/work", b"proc", 0, None)
tried("bind", libc.mount, b"/", b"/tmp/work", None, 4096, None)
tried("remount", libc.mount, None, b"/", None, 32, None)
for target in (b"/proc", b"/tmp", b"/", b"/course", b"/dev/shm"):
    tried("umount", libc.umount2, target, 2)
tried("open_tree", libc.syscall, 428, -100, b"/", 1)
tried("fsopen", libc.syscall, 430, b"tmpfs", 0)
tried("fspick", libc.syscall, 433, -100, b"/", 0)
tried("move_mount", libc.syscall, 429, 3, b"", -100, b"/tmp", 4)
tried("mount_setattr", libc.syscall, 442, -100, b"/", 0x8000, ctypes.create_string_buffer(32), 32)
tried("statmount", libc.syscall, 457, ctypes.create_string_buffer(64), ctypes.create_string_buffer(512), 512, 0)
