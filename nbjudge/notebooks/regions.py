"""Solution regions: the lines between ### BEGIN SOLUTION and ### END SOLUTION, as nbgrader knows them."""

from __future__ import annotations

import re

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
    inside = False
    for line in cell["source"].split("\n"):
        if BEGIN in line:
            if inside:
                raise CourseError(
                    f"{where}: ### {BEGIN} inside a solution region: close the first one before"
                )
            inside = True
            regions.append([])
        elif END in line:
            if not inside:
                raise CourseError(f"{where}: ### {END} without ### {BEGIN} before it: add it")
            inside = False
        elif inside:
            regions[-1].append(line)
    if inside:
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
    lines = source.split("\n")
    if BEGIN not in source:
        return frozenset(range(1, len(lines) + 1))
    inside, found = False, set()
    for number, line in enumerate(lines, 1):
        if BEGIN in line or END in line:
            inside = BEGIN in line
        elif inside:
            found.add(number)
    return frozenset(found)


def without_markers(source: str) -> str:
    """The source without the lines that begin and end solution regions."""
    return MARKER_LINE.sub("", source)
