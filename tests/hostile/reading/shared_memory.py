# DESC: System V segments, message queues, semaphores and POSIX shared memory of others
# SUCCESS: a segment
# DETECT: word
# KIND: cell
# WALLS: namespaces seccomp
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for key in range(0, 64):
    for call in (libc.shmget, libc.semget):
        if call(key, 1, 0o600) != -1:
            won(f"{call} {key}")
for index in range(0, 64):
    if libc.syscall(31, index, 13, ctypes.create_string_buffer(256)) != -1:  # shmctl SHM_STAT
        won(f"shmctl {index}")
if os.listdir("/dev/shm"):
    won(os.listdir("/dev/shm"))
