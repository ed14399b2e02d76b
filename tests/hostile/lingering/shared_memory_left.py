# DESC: leaves shared memory, named semaphores, sockets and memfds in flight behind, and a resource tracker
# SUCCESS: something that the next submission or the machine still has
# DETECT: leftover, word
# KIND: cell
# WALLS: namespaces seccomp
import os, socket
from multiprocessing import shared_memory

try:
    kept = shared_memory.SharedMemory(f"left-by-{NAME}", create=True, size=1000)
except OSError as error:
    print(error)
for folder in ("/dev/shm", "/tmp"):
    s = socket.socket(socket.AF_UNIX)
    s.bind(f"{folder}/left-by-{NAME}-socket")
    os.mkfifo(f"{folder}/left-by-{NAME}-fifo")
