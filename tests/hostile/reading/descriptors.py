# DESC: reads every open descriptor from its start, and opens each again through /proc
# SUCCESS: a canary, or a descriptor of the judge's
# DETECT: canary
# KIND: cell
# WALLS: process namespaces seccomp
import os

for fd in range(0, 1024):
    try:
        seek(os.pread(fd, 1 << 20, 0), f"fd {fd}")
    except OSError:
        pass
    try:
        seek(open(f"/proc/self/fd/{fd}", "rb").read(1 << 20), f"fd {fd} again")
    except OSError:
        pass
    try:
        seek(os.readlink(f"/proc/self/fd/{fd}"), "link")
    except OSError:
        pass
