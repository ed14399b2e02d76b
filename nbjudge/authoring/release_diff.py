"""What students would see change: two versions of a release, compared cell by cell. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping

from nbjudge.errors import CourseError
from nbjudge.notebooks.cells import Notebook, NotebookCell, cell_id, grade_id
from nbjudge.notebooks.reader import tidy

CONTEXT = 2  # unchanged lines around a change


def describe_changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[str]:
    """Unified diffs of everything that differs between two releases (relative path -> bytes); [] if nothing does.

    Of notebooks each changed cell has its own diff, with id and place; metadata is left out, since students
    don't see it. Of a file that is not text it only says that it changed.
    """
    lines: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            lines.append(f"{name}: removed")
        elif name not in old:
            lines.append(f"{name}: new, {len(new[name])} bytes")
        elif old[name] != new[name]:
            lines += _file_changes(name, old[name], new[name])
    return lines


def _file_changes(name: str, old: bytes, new: bytes) -> list[str]:
    try:
        if not name.endswith(".ipynb"):
            return _diff(name, old.decode(), new.decode())
        return list(_notebook_changes(name, _read(name, old), _read(name, new)))
    except UnicodeDecodeError:
        return [f"{name}: changed, {len(old)} -> {len(new)} bytes"]


def _notebook_changes(name: str, old: Notebook, new: Notebook) -> Iterator[str]:
    before = {_key(cell): cell for cell in old["cells"]}
    after = {_key(cell): cell for cell in new["cells"]}
    places = {
        _key(cell): f"{name}: cell {_name(cell)!r} (cell {i})" for i, cell in enumerate(new["cells"], 1)
    }
    for key, cell in before.items():
        if key not in after:
            yield f"{name}: cell {_name(cell)!r}: removed"
    for key, cell in after.items():
        if key not in before:
            yield f"{places[key]}: new"
            yield from (f"+{line}" for line in cell["source"].split("\n"))
        elif before[key]["source"] != cell["source"]:
            yield from _diff(places[key], before[key]["source"], cell["source"])
        elif before[key]["cell_type"] != cell["cell_type"]:
            yield f"{places[key]}: {before[key]['cell_type']} -> {cell['cell_type']}"
    common = [key for key in before if key in after]
    if common != [key for key in after if key in before]:
        yield f"{name}: cells in another order"


def _diff(place: str, old: str, new: str) -> list[str]:
    lines = list(difflib.unified_diff(old.split("\n"), new.split("\n"), lineterm="", n=CONTEXT))
    return [place, *lines[2:]] if lines else [f"{place}: changed"]


def _read(name: str, data: bytes) -> Notebook:
    try:
        return tidy(json.loads(data))
    except ValueError as error:
        raise CourseError(f"release/{name} cannot be read as a notebook ({error}): remove it") from None


def _key(cell: NotebookCell) -> str:
    return str(cell_id(cell))


def _name(cell: NotebookCell) -> str:
    return str(grade_id(cell) or cell_id(cell))
