# DESC: system calls through the x32 numbers and the 32-bit gate, which a filter may have forgotten
# SUCCESS: a call that succeeds
# DETECT: word
# KIND: cell
# STATUS: not_found
# WALLS: seccomp ids
import ctypes, mmap, os, platform

if platform.machine() == "x86_64":
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))  # mov eax, getpid of i386; int 0x80; ret
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    child = os.fork()
    if child == 0:
        os._exit(7 if function() > 0 else 0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7:
        won("int 0x80")
    child = os.fork()
    if child == 0:
        os._exit(7 if ctypes.CDLL(None).syscall(0x40000000 + 39) > 0 else 0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7:
        won("x32")
