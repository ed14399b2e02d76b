"""The file system that a zygote and its students see: a tmpfs with read-only binds, and nothing that the judge holds."""

from __future__ import annotations

import errno
import os
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path

from nbjudge.sandbox import linux

DEVICES = ("null", "zero", "full", "random", "urandom")
SYSTEM = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/etc/localtime")
HELPERS = "/course"  # the assignment's helper files
WORK = "/tmp/work"  # where a notebook starts
# Where notebooks start elsewhere (Colab, Kaggle): links to the same folder, since notebooks name files there.
ELSEWHERE = ("/content", "/kaggle/working")
NEEDED = ("bin", "lib", "lib32", "lib64", "share/zoneinfo", "pyvenv.cfg")  # of an installation or environment
SPARE = "/.spare"  # second home of binds that a student's private /tmp would hide


def list_binds() -> list[str]:
    """The paths that the jail shows read-only, under their own names: the interpreter and its libraries.

    Of an environment only what an interpreter needs: it may have been made in the course's own folder.
    """
    prefixes = {os.path.realpath(sys.base_prefix), os.path.realpath(sys.prefix)}
    # The venv's interpreter is a link into the base installation; both names must work inside.
    prefixes |= {sys.base_prefix, sys.prefix}
    parts = {f"{prefix}/{part}" for prefix in prefixes - {"/", "/usr"} for part in NEEDED}
    packages = {p for p in sys.path if p.endswith(("site-packages", "dist-packages"))}
    paths = [*SYSTEM, *sorted(p for p in parts | packages)]
    return [path for path in paths if os.path.exists(path) and not _inside_another(path, paths)]


def shown_by_binds(whole: Path, secrets: Iterable[Path]) -> tuple[Path, str] | None:
    """The first place that the jail would show to students, and the bind that does; None as it should be.

    `whole` must not lie in or below a bind; neither may one of the `secrets`, nor may a bind lie below one of them.
    """
    binds = [(bind, Path(os.path.realpath(bind))) for bind in list_binds()]
    for place in (whole, *secrets):
        real = Path(os.path.realpath(place))
        for bind, shown in binds:
            if real.is_relative_to(shown) or (place != whole and shown.is_relative_to(real)):
                return place, bind
    return None


def build_root(folder: str, binds: list[str], helpers: int | None, nodes: list[str]) -> None:
    """Makes `folder` the root of this mount namespace; the caller has unshared it and may mount.

    `helpers` is a descriptor of a tar archive, which is read to its end; `nodes` are device nodes of a GPU slot.
    """
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("root", folder, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=512m,mode=755")
    for path in binds:
        _bind(path, folder + path)
        if _under_tmp(path):
            _bind(path, folder + SPARE + path)
    if helpers is not None:
        # Copies: a bind would tell its host path in every student's /proc/self/mountinfo.
        with os.fdopen(helpers, "rb") as file, tarfile.open(fileobj=file) as archive:
            archive.extractall(folder + HELPERS)  # noqa: S202 (the judge packed it)
    for node in (*(f"/dev/{name}" for name in DEVICES), *nodes):
        _bind(node, folder + node, device=True)
    for name in ("tmp", "proc", "dev/shm", "work"):
        os.makedirs(f"{folder}/{name}", exist_ok=True)
    for name, target in {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}.items():
        os.symlink(target, f"{folder}/dev/{name}")
    for place in ELSEWHERE:
        os.makedirs(os.path.dirname(folder + place), exist_ok=True)
        os.symlink(WORK, folder + place)
    os.makedirs(f"{folder}/etc", exist_ok=True)
    # The zygote is root in here: libraries ask for its name (torch's CUDA builds, for a cache folder).
    accounts = (
        f"{name}:x:{id_}:{id_}:{name}:/tmp:/usr/sbin/nologin\n"
        for name, id_ in (("root", 0), ("student", 1000))
    )
    Path(f"{folder}/etc/passwd").write_text("".join(accounts))
    _bind_proc(f"{folder}/proc")
    linux.change_root(folder)
    linux.mount("tmp", "/tmp", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=64m,mode=1777")
    _restore_hidden(binds)
    linux.protect_mount("/", linux.MOUNT_ATTR_RDONLY, recursive=False)


def _bind_proc(inside: str) -> None:
    """A full view of some proc must exist before the kernel lets a namespace mount its own: so, non-recursive."""
    try:
        linux.mount("/proc", inside, None, linux.MS_BIND)
    except OSError as error:
        if (
            error.errno != errno.EINVAL
        ):  # in a container: parts are masked and can't be separated from their masks
            raise
        linux.mount("/proc", inside, None, linux.MS_BIND | linux.MS_REC)


def hide_tmp(binds: list[str], size: int) -> None:
    """Gives this mount namespace an empty /tmp and /dev/shm of `size` bytes each, keeping binds below /tmp."""
    flags = linux.MS_NOSUID | linux.MS_NODEV
    for path in ("/tmp", "/dev/shm"):
        linux.mount("tmp", path, "tmpfs", flags, f"size={size},nr_inodes=16384,mode=1777")
    _restore_hidden(binds)


def _restore_hidden(binds: list[str]) -> None:
    for path in filter(_under_tmp, binds):
        _bind(SPARE + path, path)


def _inside_another(path: str, paths: list[str]) -> bool:
    return any(path.startswith(other + "/") for other in paths)


def _under_tmp(path: str) -> bool:
    return path.startswith("/tmp/")


def _bind(outside: str, inside: str, *, device: bool = False) -> None:
    if os.path.islink(outside):
        if not os.path.lexists(inside):
            os.makedirs(os.path.dirname(inside), exist_ok=True)
            os.symlink(os.readlink(outside), inside)
        return
    if os.path.isdir(outside):
        os.makedirs(inside, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(inside), exist_ok=True)
        Path(inside).touch()
    linux.mount(outside, inside, None, linux.MS_BIND | linux.MS_REC)
    attributes = linux.MOUNT_ATTR_RDONLY | linux.MOUNT_ATTR_NOSUID
    if not device:
        attributes |= linux.MOUNT_ATTR_NODEV
    linux.protect_mount(inside, attributes)
