# DESC: bpf, perf, userfaultfd, io_uring, keyctl, kexec, modules, swap, quotas, clocks, fanotify, landlock
# SUCCESS: a call that succeeds
# DETECT: word
# KIND: cell
# WALLS: seccomp ids
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(256)
calls = {"bpf": (321, 0, buffer, 72), "perf": (298, buffer, 0, -1, -1, 0), "userfaultfd": (323, 1), "io_uring_setup": (425, 4, buffer),
         "kexec": (246, 0, 0, 0, 0), "init_module": (175, buffer, 1, b""), "finit_module": (313, 0, b"", 0), "delete_module": (176, b"x", 0),
         "swapon": (167, b"/tmp/x", 0), "acct": (163, b"/tmp/x"), "sethostname": (170, b"x", 1), "settimeofday": (164, buffer, 0), "clock_settime": (227, 0, buffer),
         "adjtimex": (159, buffer), "reboot": (169, 0, 0, 0, 0), "iopl": (172, 3), "ioperm": (173, 0, 1, 1), "quotactl": (179, 0, 0, 0, 0),
         "fanotify_init": (300, 0, 0), "modify_ldt": (154, 1, buffer, 16), "lookup_dcookie": (212, 0, buffer, 10), "vhangup": (153,), "nfsservctl": (180, 0, 0, 0),
         "personality": (135, 0x0040000), "seccomp": (317, 1, 0, 0), "memfd_secret": (447, 0), "quotactl_fd": (443, 0, 0, 0, 0), "process_madvise": (440, 0, 0, 0, 0, 0),
         "migrate_pages": (256, 0, 0, 0, 0), "move_pages": (279, 1, 0, 0, 0, 0, 0), "set_mempolicy_home_node": (450, 0, 0, 0, 0), "uselib": (134, b"/bin/sh"), "add_key": (248, b"user", b"a", b"b", 1, -3)}
for name, arguments in calls.items():
    tried(name, libc.syscall, *arguments)
