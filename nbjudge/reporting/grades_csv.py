"""Grades as CSV, for a spreadsheet or an LMS."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from nbjudge.model import GradeRow

FORMULA = tuple("=+-@\t\r")  # a spreadsheet runs a text that begins so
LONE_RETURN = re.compile(r"\r(?!\n)")
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def format_csv(rows: Iterable[GradeRow]) -> str:
    """The grades as CSV; a text that a spreadsheet would take for a formula gets an apostrophe in front."""
    rows = list(rows)
    file = io.StringIO()
    several = len({row.assignment for row in rows}) > 1
    columns = list(dict.fromkeys(_column(row, id_, several) for row in rows for id_ in row.exercises))
    writer = csv.writer(file, lineterminator="\n")
    totals = ["score", "late_penalty", "final", "max_score", "status"]
    writer.writerow(["student", "assignment", "submitted", *map(harmless, columns), *totals])
    for row in rows:
        points = {_column(row, id_, several): value for id_, value in row.exercises.items()}
        exercises = [_number(points.get(column)) for column in columns]
        submitted = row.submitted.isoformat(timespec="seconds") if row.submitted else ""
        numbers = map(_number, (row.score, row.penalty, row.final, row.points))
        names = harmless(row.student), harmless(row.assignment)
        writer.writerow([*names, submitted, *exercises, *numbers, row.status])
    return file.getvalue()


def harmless(text: str) -> str:
    """`text` for a spreadsheet's cell: never a formula."""
    return one_cell("'" + text if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text)


def one_cell(text: str) -> str:
    """`text` with a lone carriage return as a line feed: Python's csv does not quote it, so another cell would begin there."""
    return LONE_RETURN.sub("\n", text)


def _column(row: GradeRow, exercise: str, several: bool) -> str:
    return f"{row.assignment}/{exercise}" if several else exercise


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"
