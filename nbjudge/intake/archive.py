"""The files of a handed-in folder, zip or tar archive, within limits: nothing is unpacked, no link is followed."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import re
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple, cast

from nbjudge.errors import CourseError
from nbjudge.files import is_litter
from nbjudge.intake.zip_names import entry_name, entry_time
from nbjudge.notebooks.reader import MAX_BYTES

MAX_ENTRIES = 20_000
MAX_TOTAL = 2 << 30  # bytes of an archive's content, unpacked
MAX_RATIO = 200  # unpacked by packed; notebooks of text and base64 pictures stay far below
RATIO_FROM = 1 << 20  # bytes; short files may pack as well as they like
MAX_DEPTH = 20  # folders in folders
MAX_NESTING = 2  # archives in archives
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz")
# What Python cannot read, by its first bytes.
UNREAD = ((b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!", "rar"))
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
    parts: tuple[
        str, ...
    ]  # its path's components, none of them "..", hidden or empty; an archive's name is one of them
    reader: Reader
    when: datetime | None = None  # aware, UTC; of a file in a student's own archive: that archive's
    owner: str = ""  # the login of the file's owner; in a folder only
    changed: datetime | None = None  # aware, UTC: the file system's own record, which an owner can't set back

    def read(self) -> bytes:
        """The bytes, at most MAX_BYTES; raises Unreadable."""
        try:
            return self.reader()
        except Unreadable:
            raise
        except Exception as error:  # zipfile and tarfile raise what they like on damaged files
            raise Unreadable(f"cannot be read: {error}") from None


class _Member(NamedTuple):
    """One file as it is listed: its raw name, and how to read it or why that can't be."""

    name: str
    reader: Reader | str
    when: datetime | None = None
    owner: str = ""
    changed: datetime | None = None


@contextlib.contextmanager
def open_entries(path: Path, zone: tzinfo = UTC) -> Iterator[tuple[list[Entry], list[tuple[str, str]]]]:
    """The plain files below `path`, sorted, and (name, reason) for each that is not taken.

    Files of archives inside are among them. `zone` is that of times without one. Links, special files, paths that lead
    outside, names that occur twice and files over the limits are not taken. CourseError if the whole can't be read or
    is over the limits.
    """
    with contextlib.ExitStack() as stack:
        try:
            listed = list(_list(path, zone, stack))
        except CourseError:
            raise
        except Exception as error:
            raise CourseError(f"{path} cannot be read as a folder, zip or tar archive: {error}") from None
        entries, refused = _checked(listed)
        taken: list[Entry] = []
        for entry in entries:
            inner, bad = _unpacked(entry, zone, MAX_NESTING) if _is_archive(entry) else ([entry], [])
            taken += inner
            refused += bad
            _check_total(len(taken), 0, path)
        yield sorted(taken, key=lambda entry: entry.parts), refused


def _checked(listed: list[_Member], outer: Entry | None = None) -> tuple[list[Entry], list[tuple[str, str]]]:
    entries: dict[tuple[str, ...], list[Entry]] = {}
    refused: list[tuple[str, str]] = []
    for member in listed:
        name = MISLEADING.sub("\ufffd", UNPRINTABLE.sub("\ufffd", member.name))
        name = f"{outer.name}/{name}" if outer else name
        try:
            parts = _parts(member.name)
            if isinstance(member.reader, str) and parts:
                raise Unreadable(member.reader)
            if parts:
                reader = cast(Reader, member.reader)
                parts = (*outer.parts, *parts) if outer else parts
                # The times in a student's own archive are what the student's clock says.
                when = outer.when if outer else member.when
                owner, changed = (outer.owner, outer.changed) if outer else (member.owner, member.changed)
                entries.setdefault(parts, []).append(Entry(name, parts, reader, when, owner, changed))
        except Unreadable as error:
            refused.append((name, str(error)))
    refused += [
        (same[0].name, "the archive holds several files of this name")
        for same in entries.values()
        if same[1:]
    ]
    return [same[0] for same in entries.values() if not same[1:]], refused


def _is_archive(entry: Entry) -> bool:
    return entry.parts[-1].lower().endswith((*ARCHIVES, *(f".{kind}" for _, kind in UNREAD)))


def _unpacked(entry: Entry, zone: tzinfo, levels: int) -> tuple[list[Entry], list[tuple[str, str]]]:
    """The files of an archive that somebody handed in; one that can't be read costs only itself."""
    try:
        data = entry.read()
        _refuse_unread(data)
        if levels == 0:
            raise Unreadable("archives in archives in archives: hand in the notebook itself")
        with contextlib.ExitStack() as stack:
            members = [
                member._replace(reader=partial(_read_member, entry.reader, number))
                if not isinstance(member.reader, str)
                else member
                for number, member in enumerate(_members(io.BytesIO(data), entry.name, zone, stack))
            ]
    except Unreadable as error:
        return [], [(entry.name, str(error))]
    except Exception as error:
        return [], [(entry.name, f"cannot be read as an archive: {error}")]
    entries, refused = _checked(members, entry)
    taken: list[Entry] = []
    for inner in entries:
        more, bad = _unpacked(inner, zone, levels - 1) if _is_archive(inner) else ([inner], [])
        taken += more
        refused += bad
    return taken, refused


def _read_member(outer: Reader, number: int) -> bytes:
    """Reads one file of an archive inside another anew: a class's archives would not all fit into memory."""
    with contextlib.ExitStack() as stack:
        for position, member in enumerate(_members(io.BytesIO(outer()), "", UTC, stack)):
            if position == number and not isinstance(member.reader, str):
                return member.reader()
    raise Unreadable("changed while it was read")


def _refuse_unread(data: bytes) -> None:
    for magic, kind in UNREAD:
        if data.startswith(magic):
            raise Unreadable(f"a {kind} archive, which nbjudge cannot open: unpack it and collect the folder")


def read_file(path: Path) -> bytes:
    """A plain file's bytes; CourseError if it is a link or no plain file, can't be read, or is over the limit."""
    try:
        return _read_beneath(path.parent, (path.name,))
    except OSError as error:
        reason = "a symbolic link" if path.is_symlink() else error.strerror
        raise CourseError(f"{path}: {reason}: give the notebook file itself") from None
    except Unreadable as error:
        raise CourseError(f"{path}: {error}: give the notebook file itself") from None


def _list(path: Path, zone: tzinfo, stack: contextlib.ExitStack) -> Iterator[_Member]:
    """Each file, or why it cannot be read."""
    if path.is_dir():
        yield from _folder(path)
    elif path.suffix.lower() in (".ipynb", ".json", ".txt"):
        yield _file(path.parent, Path(path.name))
    else:
        file = stack.enter_context(path.open("rb"))
        try:
            _refuse_unread(file.read(8))
        except Unreadable as error:
            raise CourseError(f"{path}: {error}") from None
        yield from _members(file, str(path), zone, stack)


def _members(file: IO[bytes], where: str, zone: tzinfo, stack: contextlib.ExitStack) -> Iterator[_Member]:
    file.seek(0)
    if zipfile.is_zipfile(file):
        yield from _zip(stack.enter_context(zipfile.ZipFile(file)), where, zone)
    else:
        yield from _tar(file, where, stack)


def _folder(top: Path) -> Iterator[_Member]:
    count = 0
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if not is_litter(name)]  # .git alone may hold thousands
        count += len(files)
        _check_total(count, 0, str(top))
        for found in (Path(folder, name) for name in (*folders, *files)):
            inside = found.relative_to(top)
            if found.is_symlink():
                yield _Member(str(inside), "a symbolic link")
            elif not found.is_dir():
                yield _file(top, inside)


def _file(top: Path, inside: Path) -> _Member:
    status = (top / inside).lstat()
    return _Member(
        str(inside),
        partial(_read_beneath, top, inside.parts),
        datetime.fromtimestamp(status.st_mtime, UTC),
        _login(status.st_uid),
        datetime.fromtimestamp(status.st_ctime, UTC),
    )


def _login(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


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


def _zip(archive: zipfile.ZipFile, where: str, zone: tzinfo) -> Iterator[_Member]:
    infos = archive.infolist()
    _check_total(len(infos), sum(info.file_size for info in infos), where)
    for info in infos:
        name, kind = entry_name(info), stat.S_IFMT(info.external_attr >> 16)
        if not name or name.endswith(("/", "\\")):  # ZipInfo.is_dir() stumbles over an empty name
            continue
        reader: Reader | str
        if kind not in (0, stat.S_IFREG):
            reader = "a link or special file"
        elif info.flag_bits & 1:
            reader = "encrypted"
        elif info.file_size > max(RATIO_FROM, MAX_RATIO * info.compress_size):
            reader = f"packed more than {MAX_RATIO} to 1"
        else:
            reader = partial(_read_stream, partial(archive.open, info))
        yield _Member(name, reader, entry_time(info, zone))


def _tar(file: IO[bytes], where: str, stack: contextlib.ExitStack) -> Iterator[_Member]:
    unpacked = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (the stack closes it)
    file.seek(0)
    zipped = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    packed = stack.enter_context(gzip.GzipFile(fileobj=file)) if zipped else file
    while block := packed.read(1 << 20):
        unpacked.write(block)
        _check_total(0, unpacked.tell(), where)
    unpacked.seek(0)
    careful = cast("IO[bytes]", _Careful(unpacked))
    archive = stack.enter_context(tarfile.open(fileobj=careful, mode="r:"))  # noqa: SIM115
    for count, member in enumerate(archive, 1):
        _check_total(count, 0, where)
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            yield _Member(member.name, "a link or special file")
        else:
            reader = partial(_read_stream, partial(archive.extractfile, member))
            yield _Member(member.name, reader, _moment(member.mtime))


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


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


def _check_total(count: int, size: int, path: Path | str) -> None:
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
