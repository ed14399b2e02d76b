# DESC: ptrace and process_vm_readv on the server, the parent and every pid; pidfd_getfd
# SUCCESS: a call that succeeds
# DETECT: word
# KIND: cell
# WALLS: seccomp namespaces ids
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
child = os.fork()
if child == 0:
    import time

    time.sleep(5)
    os._exit(0)
iovec = (ctypes.c_void_p * 2)(ctypes.addressof(ctypes.create_string_buffer(64)), 64)
for pid in (os.getppid(), 1, 2, child):
    tried(f"attach {pid}", libc.ptrace, 16, pid, 0, 0)
    tried(f"seize {pid}", libc.ptrace, 0x4206, pid, 0, 0)
    tried(f"vm_readv {pid}", libc.process_vm_readv, pid, iovec, 1, iovec, 1, 0)
    tried(f"kcmp {pid}", libc.syscall, 312, pid, os.getpid(), 0, 0, 0)
fd = os.pidfd_open(1)
tried("pidfd_getfd", libc.syscall, 438, fd, 3, 0)
os.kill(child, 9)
