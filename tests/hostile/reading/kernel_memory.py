# DESC: /dev/mem, /dev/kmem, /proc/kcore, /proc/kallsyms, the kernel's log
# SUCCESS: any of them opens
# DETECT: word
# KIND: cell
# WALLS: namespaces seccomp ids proc
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for path in ("/dev/mem", "/dev/kmem", "/dev/port", "/proc/kcore", "/proc/kallsyms", "/proc/kmsg", "/dev/kmsg", "/proc/sched_debug", "/proc/timer_list", "/sys/kernel", "/proc/sysrq-trigger", "/proc/config.gz"):
    tried(path, open, path, "rb")
tried("syslog", libc.klogctl, 3, ctypes.create_string_buffer(4096), 4096)
