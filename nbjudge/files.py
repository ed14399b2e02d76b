"""Files: written whole or not at all, JSON as people read it, and which files of an assignment count."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nbjudge.errors import CourseError

TEMPLATES = Path(__file__).with_name("templates")  # of pages, and of a new assignment
# What editors, systems and interpreters leave behind; everything hidden (.ipynb_checkpoints, .x.swp) is ignored, too.
LITTER = ("__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini")


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Writes `data` to a temporary file beside `path`, then renames it: whoever reads sees the old or the new whole.

    Two writers at once don't meet: each has a temporary file to itself. Makes the folder where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def counting_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below `folder` that counts, by its relative path, sorted; links to files among them.

    Hidden files and folders, caches and what editors leave behind do not count: not for a release, a fingerprint
    or a proof.
    """
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if not any(map(is_litter, inside.parts)) and (path.is_symlink() or path.is_file()):
            yield inside.as_posix(), path


def is_litter(name: str) -> bool:
    """Whether no person put a file or folder of this name there: hidden, a cache, an editor's copy."""
    autosave = name.startswith("#") and name.endswith("#")  # Emacs's
    return name.startswith(".") or name.endswith("~") or autosave or name in LITTER


def dump_json(value: Any, *, sort_keys: bool = False) -> bytes:
    """The bytes of json.dumps(value, indent=1) with real UTF-8 and a newline; ValueError for NaN and infinity.

    A lone surrogate from a student's string can't be UTF-8; written as \\udcXX it stays valid JSON.
    """
    import msgspec

    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=sort_keys)
    try:
        # json indents in Python, msgspec in C: a tenth of the time.
        return msgspec.json.format(text.encode(), indent=1) + b"\n"
    except UnicodeEncodeError:
        slow = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=sort_keys, indent=1)
        return slow.encode("utf-8", "backslashreplace") + b"\n"


def read_arrays(path: Path) -> Mapping[str, Any]:
    """The arrays of an .npz file by name; CourseError if it is damaged. Never unpickles."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise CourseError(f"{path}: not a readable .npz ({error}). Delete it and try again.") from error
