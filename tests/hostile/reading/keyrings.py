# DESC: reads and links keyrings of user and session
# SUCCESS: a key
# DETECT: word
# KIND: cell
# WALLS: seccomp namespaces
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for ring in (-1, -2, -3, -4, -5):
    tried(f"keyctl {ring}", libc.syscall, 250, 0, ring, 1)
    tried(f"keyctl read {ring}", libc.syscall, 250, 11, ring, ctypes.create_string_buffer(64), 64)
tried("add_key", libc.syscall, 248, b"user", b"left-by", b"x", 1, -4)
tried("request_key", libc.syscall, 249, b"user", b"x", b"", -4)
for path in ("/proc/keys", "/proc/key-users"):
    tried(path, open, path)
