"""The walls around one student process, put up by the child itself after the fork and before any student code."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from dataclasses import dataclass
from typing import Any

from nbjudge.sandbox import linux
from nbjudge.sandbox.root import HELPERS, WORK, hide_tmp

COPIED = 256 << 10  # bytes of a helper file up to which the notebook gets a copy that it may write over
STUDENT = 1000  # uid and gid inside the jail
UIDS = range(2_000, 62_000)  # of the zygote's namespace: one stands behind STUDENT
WRITABLE = ("/tmp", "/dev/shm", "/dev/null", "/dev/zero", "/dev/full")
# "jail" can be left out, too: the zygote's own, where a container stands around it.
WALLS = ("namespaces", "mounts", "limits", "identity", "landlock", "seccomp")
NAMESPACES = (
    linux.CLONE_NEWNS | linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS | linux.CLONE_NEWCGROUP
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a student process may use and see; made by the judge, sent through the zygote."""

    seconds_cpu: int  # backstop: RLIMIT_CPU of the whole process
    address_space: int  # bytes: RLIMIT_AS; 0: none, since CUDA reserves more than there is
    processes: int
    disk: int  # bytes of /tmp and of one file
    binds: list[str]  # what the jail shows; those below /tmp must be bound again
    filter: bytes  # seccomp program
    many_uids: bool  # the zygote's user namespace maps more than one uid
    uid: int  # then: the one that stands behind STUDENT, which no other worker's students have
    without: list[str]  # walls to leave out, of WALLS: only to show what each one is for
    gpu: dict[str, Any] | None  # the slot: sandbox.gpu.plan_gpu


def raise_walls(plan: Plan) -> None:
    """Jails the calling process for good; OSError names the wall that could not be made.

    The order matters: what needs capabilities comes before they are dropped, and the filter is last because it
    forbids most of what stands above it.
    """
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # when memory runs out, the student goes before the judge
    if "jail" not in plan.without:  # without it the process lacks the capability
        # A mount namespace in any case: the student's mounts must not become the zygote's.
        linux.unshare(linux.CLONE_NEWNS if "namespaces" in plan.without else NAMESPACES)
    own = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY)  # the zygote's proc, writable, for the id maps
    if "mounts" not in plan.without:
        hide_tmp(plan.binds, plan.disk)
        _mount_proc()
    enter_work(WORK, HELPERS)
    if "limits" not in plan.without:
        limit(plan)
    if "identity" not in plan.without:
        _become_student(plan.uid if plan.many_uids else 0, own)
        linux.drop_capabilities()
    os.close(own)
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" not in plan.without:
        linux.landlock_read_only((*WRITABLE, *(plan.gpu["nodes"] if plan.gpu else ())))
    if "seccomp" not in plan.without:
        linux.install_filter(plan.filter)


def enter_work(work: str, helpers: str) -> None:
    """Makes the folder that student code starts in, with copies of the assignment's helper files; links to large ones."""
    os.makedirs(work, exist_ok=True)
    os.chmod(work, 0o777)
    if os.path.isdir(helpers):
        for name in os.listdir(helpers):
            source, target = f"{helpers}/{name}", f"{work}/{name}"
            if os.path.lexists(target):
                continue
            if os.path.isfile(source) and os.path.getsize(source) <= COPIED:
                shutil.copyfile(source, target)
                os.chmod(target, 0o666)
            else:
                os.symlink(source, target)
    os.chdir(work)


def limit(plan: Plan) -> None:
    """Sets the rlimits of the calling process, soft and hard."""
    for kind, value in {
        **({resource.RLIMIT_AS: plan.address_space} if plan.address_space else {}),
        resource.RLIMIT_CPU: plan.seconds_cpu,
        resource.RLIMIT_NPROC: plan.processes,
        resource.RLIMIT_FSIZE: plan.disk,
        resource.RLIMIT_NOFILE: 512,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 1 << 20,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 256,
    }.items():
        resource.setrlimit(kind, (value, value))


def _mount_proc() -> None:
    flags = linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
    try:
        linux.mount("proc", "/proc", "proc", flags, "hidepid=2,subset=pid")
    except PermissionError:
        # A container masks parts of proc, so the kernel refuses a fresh one: an empty folder is safe, too.
        linux.mount("none", "/proc", "tmpfs", flags, "size=4k")


def _become_student(uid: int, own: int) -> None:
    """Goes on as STUDENT of a user namespace of its own; `uid` stands behind that, 0: the zygote's only one."""
    if uid:
        # Descriptors in flight, pipe pages and watches are counted for each uid, whatever namespaces there are.
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        # Or /proc/self belongs to root: the maps can't be written, nor can the zygote measure our memory.
        linux.prctl(linux.PR_SET_DUMPABLE, 1)
    linux.unshare(linux.CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("gid_map", f"{STUDENT} {uid} 1"),
        ("uid_map", f"{STUDENT} {uid} 1"),
    ):
        fd = os.open(name, os.O_WRONLY, dir_fd=own)
        os.write(fd, text.encode())
        os.close(fd)
