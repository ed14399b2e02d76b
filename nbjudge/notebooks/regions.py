"""Solution regions: the lines between ### BEGIN SOLUTION and ### END SOLUTION, as nbgrader knows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from nbjudge.errors import CourseError
from nbjudge.notebooks.cells import NotebookCell, cell_id, grade_id, role

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
MARKER_LINE = re.compile(rf"[^\n]*(?:{BEGIN}|{END})[^\n]*\n?")


def solution_regions(cell: NotebookCell, where: str) -> tuple[tuple[str, ...], ...]:
    """The lines of each solution region; the whole cell if it is a solution without regions.

    CourseError for a region that is not closed, not opened, nested, or outside a solution cell.
    """
    where = f"{where}: cell {grade_id(cell) or cell_id(cell)!r}"
    regions: list[list[str]] = []
    is_open = False
    for place, line in _scan(cell["source"]):
        if place == "begin":
            if is_open:
                raise CourseError(
                    f"{where}: ### {BEGIN} inside a solution region: close the first one before"
                )
            regions.append([])
        elif place == "end" and not is_open:
            raise CourseError(f"{where}: ### {END} without ### {BEGIN} before it: add it")
        elif place == "inside":
            regions[-1].append(line)
        is_open = place in ("begin", "inside")
    if is_open:
        raise CourseError(f"{where}: ### {BEGIN} without ### {END} after it: add it")
    solution = role(cell) in ("solution", "manual")
    if regions and not solution:
        raise CourseError(
            f"{where}: a solution region outside a solution cell: make the cell an autograded answer"
        )
    if solution and not regions:
        regions = [cell["source"].split("\n")]
    return tuple(tuple(region) for region in regions)


def solution_lines(source: str) -> frozenset[int]:
    """The 1-based lines inside solution regions; all lines of a cell without regions."""
    wanted = "inside" if BEGIN in source else "outside"
    return frozenset(number for number, (place, _) in enumerate(_scan(source), 1) if place == wanted)


def _scan(source: str) -> Iterator[tuple[Literal["begin", "inside", "end", "outside"], str]]:
    """Each line, and where it stands: a region goes on until a line ends it, whatever is wrong before."""
    inside = False
    for line in source.split("\n"):
        if BEGIN in line or END in line:
            inside = BEGIN in line
            yield "begin" if inside else "end", line
        else:
            yield "inside" if inside else "outside", line


def without_markers(source: str) -> str:
    """The source without the lines that begin and end solution regions."""
    return MARKER_LINE.sub("", source)
