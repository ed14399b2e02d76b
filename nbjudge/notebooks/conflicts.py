"""A notebook file in which git left merge conflicts: both sides, and their cells together."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nbjudge.notebooks.cells import NotebookCell, cell_id, normalise

MARKERS = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?: [^\n]*)?\r?$\n?", re.MULTILINE)


def sides_of(text: str) -> tuple[int, tuple[str, str]]:
    """How many conflicts the file holds, and its text with the first and with the second side of each.

    Without conflicts, or where their marks make no sense, both are the text itself.
    """
    sides: tuple[list[str], list[str]] = ([], [])
    state, end, conflicts = "", 0, 0
    # A line of JSON never begins so: what stands in a cell's text is quoted.
    for match in MARKERS.finditer(text) if "\n<<<<<<<" in text else ():
        mark, before = match[1][0], text[end : match.start()]
        expected = {"<": ("",), "|": ("<",), "=": ("<", "|"), ">": ("=",)}[mark]
        if state not in expected:
            return 0, (text, text)
        if state in ("", "<"):
            sides[0].append(before)
        if state in ("", "="):
            sides[1].append(before)
        conflicts += mark == ">"
        state, end = ("" if mark == ">" else mark), match.end()
    if state or not conflicts:
        return 0, (text, text)
    return conflicts, ("".join([*sides[0], text[end:]]), "".join([*sides[1], text[end:]]))


def union(first: Sequence[NotebookCell], second: Sequence[NotebookCell]) -> list[NotebookCell]:
    """The cells of both sides, each of the second side's own behind the cell that precedes it there."""
    cells = list(first)
    known = {_key(cell) for cell in first}
    behind: dict[tuple[object, ...], list[NotebookCell]] = {}
    anchor: tuple[object, ...] = ()
    for cell in second:
        if _key(cell) in known:
            anchor = _key(cell)
        else:
            behind.setdefault(anchor, []).append(cell)
    together = behind.pop((), [])
    for cell in cells:
        together += [cell, *behind.pop(_key(cell), [])]
    return together


def _key(cell: NotebookCell) -> tuple[object, ...]:
    return cell_id(cell), cell["cell_type"], normalise(cell["source"])
