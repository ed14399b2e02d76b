"""The kernel calls that Python 3.11 has no name for, each raising OSError like the os module's."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4
AT_FDCWD, AT_RECURSIVE = -100, 0x8000

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS = 28, 38
SECCOMP_MODE_FILTER = 2
MADV_HUGEPAGE, MADV_COLLAPSE, HUGE_PAGE = 14, 25, 2 << 20
# NOROOT, NO_SETUID_FIXUP, NO_CAP_AMBIENT_RAISE, each with its lock (linux/securebits.h)
SECUREBITS_LOCKED = 0b11 | 0b11 << 2 | 0b11 << 6

# The same numbers on every architecture (they came after the tables were unified).
SYS_MOUNT_SETATTR, SYS_CLOSE_RANGE = 442, 436
SYS_LANDLOCK_CREATE, SYS_LANDLOCK_ADD, SYS_LANDLOCK_RESTRICT = 444, 445, 446
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
SYS_CAPSET = {"x86_64": 126, "aarch64": 91}

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _syscall(number: int, what: str, *args: object) -> int:
    return _check(_libc.syscall(ctypes.c_long(number), *args), what)


def unshare(flags: int) -> None:
    """unshare(2)."""
    _check(_libc.unshare(ctypes.c_int(flags)), f"unshare({flags:#x})")


def setns(fd: int, kind: int) -> None:
    """setns(2)."""
    _check(_libc.setns(ctypes.c_int(fd), ctypes.c_int(kind)), "setns")


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    _check(
        _libc.mount(
            source.encode(),
            target.encode(),
            kind.encode() if kind else None,
            ctypes.c_ulong(flags),
            data.encode() or None,
        ),
        f"mount {source} on {target}",
    )


def protect_mount(target: str, attributes: int, recursive: bool = True) -> None:
    """mount_setattr(2): sets `attributes` (MOUNT_ATTR_*) on the mount and those below it."""
    request = struct.pack("=QQQQ", attributes, 0, 0, 0)
    flags = AT_RECURSIVE if recursive else 0
    _syscall(
        SYS_MOUNT_SETATTR,
        f"mount_setattr {target}",
        ctypes.c_int(AT_FDCWD),
        ctypes.c_char_p(target.encode()),
        ctypes.c_uint(flags),
        ctypes.c_char_p(request),
        ctypes.c_size_t(len(request)),
    )


def change_root(folder: str) -> None:
    """pivot_root(2) into `folder`; the old root is detached (the pivot_root(".", ".") idiom of its manual)."""
    os.chdir(folder)
    number = SYS_PIVOT_ROOT[platform.machine()]
    _syscall(number, f"pivot_root {folder}", ctypes.c_char_p(b"."), ctypes.c_char_p(b"."))
    _check(_libc.umount2(b".", MNT_DETACH), "umount old root")
    os.chdir("/")


def close_from(first: int) -> None:
    """Closes every descriptor from `first` on."""
    _syscall(
        SYS_CLOSE_RANGE, "close_range", ctypes.c_uint(first), ctypes.c_uint(0xFFFFFFFF), ctypes.c_uint(0)
    )


def prctl(option: int, value: int) -> None:
    """prctl(2) with one argument."""
    zero = ctypes.c_ulong(0)
    _check(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero), f"prctl({option})")


def pid_of(handle: int) -> int:
    """The process that a pidfd stands for, numbered as /proc numbers it here; -1 if it is gone."""
    with open(f"/proc/self/fdinfo/{handle}") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pid:"))


def collapse_memory() -> None:
    """Puts this process's private memory into huge pages where the kernel has them: a fork copies far fewer entries.

    Pages that a child writes to are still copied one by one. Takes half a second for 250 MiB.
    """
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, mode, _, _, inode, *name = line.split(maxsplit=5)
        if not mode.startswith("rw") or inode != "0" or (name and name[0].startswith(("[stack", "[v"))):
            continue
        first, last = (int(address, 16) for address in addresses.split("-"))
        first, last = -(-first // HUGE_PAGE) * HUGE_PAGE, last // HUGE_PAGE * HUGE_PAGE
        if first < last:
            for advice in (MADV_HUGEPAGE, MADV_COLLAPSE):  # an older kernel refuses: then nothing is gained
                _libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), advice)


def drop_capabilities() -> None:
    """Empties the bounding, ambient, inheritable, permitted and effective sets for good."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text()) if os.path.exists("/proc/sys") else 63
    for capability in range(last + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno != errno.EINVAL:  # above the kernel's last capability
                raise
            break
    prctl(PR_SET_SECUREBITS, SECUREBITS_LOCKED)
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this thread
    _syscall(SYS_CAPSET[platform.machine()], "capset", ctypes.c_char_p(header), ctypes.c_char_p(bytes(24)))


def install_filter(program: bytes) -> None:
    """Installs a seccomp program (struct sock_filter[]); needs no_new_privs."""
    code = ctypes.create_string_buffer(program, len(program))
    fprog = struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(code))
    address = ctypes.cast(ctypes.c_char_p(fprog), ctypes.c_void_p)
    zero = ctypes.c_ulong(0)
    _check(
        _libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), address, zero, zero),
        "seccomp filter",
    )


_LANDLOCK_READ = 0b1101  # EXECUTE, READ_FILE, READ_DIR
_LANDLOCK_FILE = 0b111 | 1 << 14 | 1 << 15  # what may be asked of a plain file


def landlock_version() -> int:
    """The kernel's Landlock ABI; 0 where it has none."""
    try:
        return _syscall(SYS_LANDLOCK_CREATE, "landlock", None, ctypes.c_size_t(0), ctypes.c_uint(1))
    except OSError:
        return 0


def landlock_read_only(writable: tuple[str, ...]) -> None:
    """Allows this process to read everything and to write below `writable` only; no-op without Landlock."""
    version = landlock_version()
    if not version:
        return
    access = (1 << (13 + min(version, 3) - 1)) - 1  # REFER came with ABI 2, TRUNCATE with 3
    if version >= 5:
        access |= 1 << 15  # IOCTL_DEV
    attributes = struct.pack("=QQQ", access, 0, 0)[: 8 if version < 4 else 16]
    scoped = b""
    if version >= 6:
        scoped = struct.pack("=Q", 0b11)  # abstract sockets and signals stay inside
    attributes += scoped
    ruleset = _syscall(
        SYS_LANDLOCK_CREATE,
        "landlock_create_ruleset",
        ctypes.c_char_p(attributes),
        ctypes.c_size_t(len(attributes)),
        ctypes.c_uint(0),
    )
    try:
        _landlock_allow(ruleset, "/", access & _LANDLOCK_READ)
        for path in writable:
            allowed = access if os.path.isdir(path) else access & _LANDLOCK_FILE
            _landlock_allow(ruleset, path, allowed)
        _syscall(SYS_LANDLOCK_RESTRICT, "landlock_restrict_self", ctypes.c_int(ruleset), ctypes.c_uint(0))
    finally:
        os.close(ruleset)


def _landlock_allow(ruleset: int, path: str, access: int) -> None:
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", access, parent)
        _syscall(
            SYS_LANDLOCK_ADD,
            f"landlock_add_rule {path}",
            ctypes.c_int(ruleset),
            ctypes.c_int(1),  # LANDLOCK_RULE_PATH_BENEATH
            ctypes.c_char_p(rule),
            ctypes.c_uint(0),
        )
    finally:
        os.close(parent)
