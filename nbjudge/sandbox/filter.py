"""The seccomp filter: an allow-list built with libseccomp, shipped to the zygote as bytes.

What is not named here answers ENOSYS, so that a kernel's newest call is closed before anyone has thought of it, and
libraries fall back to an older one (glibc: clone3 -> clone, whose flags can be looked at). memfd_create is missing on
purpose: such a file belongs to no process's pages, so without a control group nothing bounds it. So is inotify: its
instances are counted for the user id that stands behind the namespaces, on the host at last.
"""

from __future__ import annotations

import errno
import tempfile
from functools import cache

from nbjudge.errors import SandboxError

NAMESPACES = 0x7E020080  # every CLONE_NEW* flag, CLONE_NEWTIME (0x80) too
AF_UNIX = 1
# TCGETS (isatty), TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: nothing that a device would act on
IOCTLS = (0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# (mask, value) of what CUDA asks of NVIDIA's devices: type 'F' of /dev/nvidia* (uapi of the open kernel modules), the
# plain numbers of /dev/nvidia-uvm, its two odd ones. No request to a terminal is among them (type 'T'), and of what
# the small numbers mean elsewhere (FIBMAP, FIGETBSZ) nothing is done without capabilities.
GPU_IOCTLS = ((0xFF00, ord("F") << 8), (0xFFFFFF00, 0), (0xFFFFFFFF, 0x30000001), (0xFFFFFFFF, 0x30000002))

FILES = """
    access chdir chmod close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate
    fchdir fchmod fchmodat fchmodat2 fchown fchownat chown lchown fcntl fdatasync fgetxattr flistxattr flock fstat
    fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr lgetxattr link linkat listxattr llistxattr
    lseek lstat mkdir mkdirat mknod mknodat newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64
    pwritev pwritev2 read readahead readlink readlinkat readv rename renameat renameat2 rmdir sendfile splice stat
    statfs statx symlink symlinkat sync_file_range tee truncate umask unlink unlinkat utime utimensat utimes vmsplice
    write writev
"""
MEMORY = """
    brk madvise mincore mlock mlock2 mlockall mmap mprotect mremap msync munlock munlockall munmap
    get_mempolicy mbind set_mempolicy membarrier pkey_alloc pkey_free pkey_mprotect
"""
PROCESSES = """
    arch_prctl capget exit exit_group fork vfork futex futex_wait futex_wake futex_waitv futex_requeue get_robust_list
    set_robust_list set_tid_address getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid getppid getpriority
    getresgid getresuid getrlimit getrusage getsid gettid getuid kill tgkill tkill pause pidfd_open
    prctl restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn
    rt_sigsuspend rt_sigtimedwait sched_getaffinity sched_get_priority_max sched_get_priority_min
    sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_yield setpgid
    setpriority setsid sigaltstack signalfd signalfd4 sysinfo times uname wait4 waitid getrandom
"""
CLOCKS = """
    alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time timer_create
    timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime
"""
EVENTS = """
    accept accept4 bind connect epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd
    eventfd2 getpeername getsockname getsockopt listen poll ppoll pselect6 recvfrom recvmmsg recvmsg select sendmmsg
    sendmsg sendto setsockopt shutdown
"""
# Refused with EPERM instead of ENOSYS: callers report "not permitted" instead of trying something older.
REFUSED = """
    ptrace process_vm_readv process_vm_writev unshare setns mount umount2 keyctl bpf setrlimit
"""

# Refused as where no program is installed: code that has another way without it goes that way.
STARTING = "execve execveat"


@cache
def build_filter(*, gpu: bool = False) -> bytes:
    """The filter as struct sock_filter[]; SandboxError where libseccomp is missing.

    `gpu`: for a process that may talk to NVIDIA's devices.
    """
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise SandboxError(
            f"seccomp: libseccomp cannot be loaded ({error}): apt-get install libseccomp2"
        ) from error
    rules = seccomp.SyscallFilter(defaction=seccomp.ERRNO(errno.ENOSYS))
    for name in (FILES + MEMORY + PROCESSES + CLOCKS + EVENTS).split():
        _add(rules, seccomp.ALLOW, name)
    for name in REFUSED.split():
        _add(rules, seccomp.ERRNO(errno.EPERM), name)
    for name in STARTING.split():
        _add(rules, seccomp.ERRNO(errno.ENOENT), name)
    _add(rules, seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, NAMESPACES, 0))
    # A limit of one second of CPU and a signal "from the kernel" (rt_sigqueueinfo) would kill like a machine short of
    # memory, which is not a student's fault: limits are only read, and no signal carries its sender's data.
    for name in ("prlimit64", "pidfd_send_signal"):
        _add(rules, seccomp.ALLOW, name, seccomp.Arg(2, seccomp.EQ, 0))
        _add(rules, seccomp.ERRNO(errno.EPERM), name, seccomp.Arg(2, seccomp.NE, 0))
    for name in ("socket", "socketpair"):
        _add(rules, seccomp.ALLOW, name, seccomp.Arg(0, seccomp.EQ, AF_UNIX))
        _add(rules, seccomp.ERRNO(errno.EAFNOSUPPORT), name, seccomp.Arg(0, seccomp.NE, AF_UNIX))
    # The kernel looks at the low 32 bits of the number only, so the filter must too.
    for mask, request in (*((0xFFFFFFFF, request) for request in IOCTLS), *(GPU_IOCTLS if gpu else ())):
        _add(rules, seccomp.ALLOW, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, mask, request))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _add(rules: object, action: object, name: str, *args: object) -> None:
    import pyseccomp as seccomp

    try:
        number = seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
    except (OSError, ValueError):
        return  # unknown to this libseccomp or architecture: it stays closed
    if number >= 0:  # negative: a call of another architecture
        rules.add_rule(action, number, *args)  # type: ignore[attr-defined]
