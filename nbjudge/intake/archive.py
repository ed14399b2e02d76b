"""The files of a handed-in folder, zip or tar archive, within limits: nothing is unpacked, no link is followed."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from nbjudge.errors import CourseError
from nbjudge.files import is_litter
from nbjudge.notebooks.reader import MAX_BYTES

MAX_ENTRIES = 20_000
MAX_TOTAL = 2 << 30  # bytes of an archive's content, unpacked
MAX_RATIO = 200  # unpacked by packed; notebooks of text and base64 pictures stay far below
RATIO_FROM = 1 << 20  # bytes; short files may pack as well as they like
MAX_DEPTH = 20  # folders in folders
TOO_LARGE = f"larger than {MAX_BYTES >> 20} MB"
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Line separators and bidi marks: fine in a file's name, misleading in a list of names.
MISLEADING = re.compile(r"[\u200e\u200f\u2028-\u202e\u2066-\u2069]")

Reader = Callable[[], bytes]


class Unreadable(ValueError):
    """Why one file can't be taken; one line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One plain file of a folder or archive."""

    name: str  # as it is called there, for people
    parts: tuple[str, ...]  # its path's components, none of them "..", hidden or empty
    reader: Reader

    def read(self) -> bytes:
        """The bytes, at most MAX_BYTES; raises Unreadable."""
        try:
            return self.reader()
        except Unreadable:
            raise
        except Exception as error:  # zipfile and tarfile raise what they like on damaged files
            raise Unreadable(f"cannot be read: {error}") from None


@contextlib.contextmanager
def open_entries(path: Path) -> Iterator[tuple[list[Entry], list[tuple[str, str]]]]:
    """The plain files below `path`, sorted, and (name, reason) for each that is not taken.

    Links, special files, paths that lead outside, names that occur twice and files over the limits are not
    taken. CourseError if the whole can't be read or is over the limits.
    """
    with contextlib.ExitStack() as stack:
        try:
            listed = list(_list(path, stack))
        except CourseError:
            raise
        except Exception as error:
            raise CourseError(f"{path} cannot be read as a folder, zip or tar archive: {error}") from None
        entries: dict[tuple[str, ...], list[Entry]] = {}
        refused: list[tuple[str, str]] = []
        for raw, reader in listed:
            name = MISLEADING.sub("\ufffd", UNPRINTABLE.sub("\ufffd", raw))
            try:
                parts = _parts(raw)
                if isinstance(reader, str) and parts:
                    raise Unreadable(reader)
                if parts:
                    entries.setdefault(parts, []).append(Entry(name, parts, cast(Reader, reader)))
            except Unreadable as error:
                refused.append((name, str(error)))
        refused += [
            (same[0].name, "the archive holds several files of this name")
            for same in entries.values()
            if same[1:]
        ]
        yield (
            sorted((same[0] for same in entries.values() if not same[1:]), key=lambda entry: entry.parts),
            refused,
        )


def read_file(path: Path) -> bytes:
    """A plain file's bytes; CourseError if it is a link or no plain file, can't be read, or is over the limit."""
    try:
        return _read_beneath(path.parent, (path.name,))
    except OSError as error:
        reason = "a symbolic link" if path.is_symlink() else error.strerror
        raise CourseError(f"{path}: {reason}: give the notebook file itself") from None
    except Unreadable as error:
        raise CourseError(f"{path}: {error}: give the notebook file itself") from None


def _list(path: Path, stack: contextlib.ExitStack) -> Iterator[tuple[str, Reader | str]]:
    """Name and reader of each file, or why it cannot be read."""
    if path.is_dir():
        yield from _folder(path)
    elif zipfile.is_zipfile(path):
        yield from _zip(stack.enter_context(zipfile.ZipFile(path)), path)
    else:
        yield from _tar(path, stack)


def _folder(top: Path) -> Iterator[tuple[str, Reader | str]]:
    count = 0
    for folder, folders, files in os.walk(top):
        count += len(files)
        _check_total(count, 0, top)
        for found in (Path(folder, name) for name in (*folders, *files)):
            inside = found.relative_to(top)
            if found.is_symlink():
                yield str(inside), "a symbolic link"
            elif not found.is_dir():
                yield str(inside), partial(_read_beneath, top, inside.parts)


def _read_beneath(top: Path, parts: tuple[str, ...]) -> bytes:
    """Opens component by component, so that nothing on the way can be swapped for a link."""
    with contextlib.ExitStack() as stack:
        here = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
        stack.callback(os.close, here)
        for part in parts[:-1]:
            here = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            stack.callback(os.close, here)
        # O_NONBLOCK: opening a FIFO would wait for a writer.
        handle = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Unreadable("not a plain file")
            return _bounded(file)


def _zip(archive: zipfile.ZipFile, path: Path) -> Iterator[tuple[str, Reader | str]]:
    infos = archive.infolist()
    _check_total(len(infos), sum(info.file_size for info in infos), path)
    for info in infos:
        name, kind = _zip_name(info), stat.S_IFMT(info.external_attr >> 16)
        if not name or name.endswith(("/", "\\")):  # ZipInfo.is_dir() stumbles over an empty name
            continue
        if kind not in (0, stat.S_IFREG):
            yield name, "a link or special file"
        elif info.flag_bits & 1:
            yield name, "encrypted"
        elif info.file_size > max(RATIO_FROM, MAX_RATIO * info.compress_size):
            yield name, f"packed more than {MAX_RATIO} to 1"
        else:
            yield name, partial(_read_stream, partial(archive.open, info))


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Archivers that don't set the UTF-8 flag still write UTF-8 more often than code page 437."""
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            return info.filename.encode("cp437").decode()
    return info.filename


def _tar(path: Path, stack: contextlib.ExitStack) -> Iterator[tuple[str, Reader | str]]:
    unpacked = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (the stack closes it)
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        packed = stack.enter_context(gzip.GzipFile(fileobj=file)) if zipped else file
        while block := packed.read(1 << 20):
            unpacked.write(block)
            _check_total(0, unpacked.tell(), path)
    unpacked.seek(0)
    careful = cast("IO[bytes]", _Careful(unpacked))
    archive = stack.enter_context(tarfile.open(fileobj=careful, mode="r:"))  # noqa: SIM115
    for count, member in enumerate(archive, 1):
        _check_total(count, 0, path)
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            yield member.name, "a link or special file"
        else:
            yield member.name, partial(_read_stream, partial(archive.extractfile, member))


class _Careful:
    """A file whose reads are bounded: tarfile reads extended headers whole, as long as they claim to be."""

    def __init__(self, file: IO[bytes]) -> None:
        self.seek, self.tell, self._read = file.seek, file.tell, file.read

    def read(self, size: int) -> bytes:
        if size > MAX_BYTES + 1:
            raise tarfile.ReadError("a header is too large")
        return self._read(size)


def _read_stream(opener: Callable[[], IO[bytes] | None]) -> bytes:
    file = opener()
    assert file is not None  # only plain members come here
    with file:
        return _bounded(file)


def _bounded(file: IO[bytes]) -> bytes:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Unreadable(TOO_LARGE)
    return data


def _check_total(count: int, size: int, path: Path) -> None:
    if count > MAX_ENTRIES:
        raise CourseError(f"{path}: more than {MAX_ENTRIES} files: collect it in parts")
    if size > MAX_TOTAL:
        raise CourseError(f"{path}: more than {MAX_TOTAL >> 30} GB unpacked: collect it in parts")


def _parts(name: str) -> tuple[str, ...]:
    """The safe components of a name; () for what nobody handed in. Unreadable if it leads outside."""
    parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
    if (
        name.startswith(("/", "\\"))
        or ".." in parts
        or re.match(r"[A-Za-z]:", name)
        or UNPRINTABLE.search(name)
    ):
        raise Unreadable("its path leads out of the archive or cannot be printed")
    if len(parts) > MAX_DEPTH or any(len(part) > 255 for part in parts):
        raise Unreadable("its path is too long")
    return () if any(map(is_litter, parts)) else parts
