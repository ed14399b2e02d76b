"""Files without a name, in memory, that the judge hands to a zygote: helper files, a student's own
files beside the notebook, areas of fixed size."""

from __future__ import annotations

import contextlib
import fcntl
import io
import mmap
import os
import tarfile
from collections.abc import Mapping
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


def pack_files(files: Mapping[str, bytes]) -> int:
    """A descriptor of a tar archive of files by name, for one student process alone."""
    fd = os.memfd_create("beside", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(fd), "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def unpack_files(fd: int) -> dict[str, bytes]:
    """The files of `pack_files`, read to the archive's end."""
    with os.fdopen(os.dup(fd), "rb") as file, tarfile.open(fileobj=file) as archive:
        return {member.name: opened.read() for member in archive if (opened := archive.extractfile(member))}


def lay_beside(files: Mapping[str, bytes]) -> None:
    """Writes files into the working folder, read-only; they take the place of helper files of the same name."""
    for name, data in files.items():
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as file:
            file.write(data)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Readable for everybody, whatever the author's umask was, and nobody's in particular."""
    member.mode = 0o755 if member.isdir() else 0o644
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
