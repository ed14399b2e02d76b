"""Files without a name, in memory, that the judge hands to a zygote: helper files, areas of fixed size."""

from __future__ import annotations

import fcntl
import mmap
import os
import tarfile
from pathlib import Path

SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


def sealed_memory(name: str, size: int) -> int:
    """A descriptor of `size` bytes that nobody can shrink or grow; `name` shows in /proc."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.truncate(fd, size)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    return fd


def written(area: mmap.mmap) -> str:
    """What somebody wrote to the descriptor of a sealed area, from its beginning on; untrusted."""
    return bytes(area).split(b"\0", 1)[0].decode(errors="replace")


def pack_helpers(folder: Path) -> int:
    """A descriptor of a tar archive of the folder's files, so that no path of the host's enters the jail."""
    fd = os.memfd_create("helpers", os.MFD_CLOEXEC)
    with (
        os.fdopen(os.dup(fd), "wb") as file,
        tarfile.open(fileobj=file, mode="w", dereference=True) as archive,
    ):
        archive.add(folder, ".", filter=_plain)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Readable for everybody, whatever the author's umask was, and nobody's in particular."""
    member.mode = 0o755 if member.isdir() else 0o644
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
