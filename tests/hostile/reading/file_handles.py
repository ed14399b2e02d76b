# DESC: name_to_handle_at and open_by_handle_at, which once opened any file of the host from a container
# SUCCESS: a call that succeeds
# DETECT: word, canary
# KIND: cell
# WALLS: seccomp namespaces ids
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(b"\x80\0\0\0" + b"\0" * 132)
mount = ctypes.c_int()
tried("name_to_handle_at", libc.name_to_handle_at, -100, b"/", buffer, ctypes.byref(mount), 0)
for inode in (2, 128, 256):
    handle = ctypes.create_string_buffer(b"\x08\0\0\0\x01\0\0\0" + inode.to_bytes(8, "little"))
    tried("open_by_handle_at", libc.open_by_handle_at, os.open("/", os.O_RDONLY), handle, 0)
