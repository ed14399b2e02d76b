# DESC: fills memory that belongs to no process's pages: memfds, pipes and socket buffers
# SUCCESS: 800 MB of it, with a limit of 384 MB
# DETECT: word
# KIND: cell
# WALLS: seccomp cgroup
import os, socket

written, kept, block = 0, [], bytes(8 << 20)
try:
    while written < 800 << 20:
        fd = os.memfd_create("x")
        for _ in range(3):
            written += os.write(fd, block)
        kept.append(fd)
    won(f"{written >> 20} MB in memfds")
except OSError as error:
    print(error, written >> 20)
