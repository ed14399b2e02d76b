"""The gradebook as a table: CSV, or a workbook."""

from __future__ import annotations

import csv
import io

from nbjudge.errors import CourseError
from nbjudge.reporting.exports.rows import Export, ExportRow, Wanted, number
from nbjudge.reporting.grades_csv import harmless

Value = str | float | None
BEFORE = ("student", "name", "email", "assignment", "submitted")
AFTER = ("score", "late_penalty", "final", "max_score", "status")


def export_csv(rows: list[ExportRow], wanted: Wanted) -> Export:
    """Every student and every exercise as CSV; what waits for a person says so in `status`."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    for row in _table(rows, wanted):
        writer.writerow([harmless(cell) if isinstance(cell, str) else number(cell) for cell in row])
    return Export(file.getvalue().encode(), _graded(rows))


def export_xlsx(rows: list[ExportRow], wanted: Wanted) -> Export:
    """The same as a workbook: numbers are numbers, and no text is a formula. CourseError without openpyxl."""
    try:
        from openpyxl import Workbook
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell
    except ImportError:
        raise CourseError(
            "workbooks need openpyxl: pip install 'nbjudge[xlsx]', or export --to csv"
        ) from None
    book = Workbook(write_only=True)
    sheet = book.create_sheet(wanted.assignment[:31])
    sheet.freeze_panes = "B2"
    for row in _table(rows, wanted):
        cells = []
        for value in row:
            text = isinstance(value, str)
            cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value) if text else value)
            if text:
                cell.data_type = "s"  # whatever it begins with
            cells.append(cell)
        sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return Export(file.getvalue(), _graded(rows))


def _table(rows: list[ExportRow], wanted: Wanted) -> list[list[Value]]:
    exercises = list(dict.fromkeys(id_ for row in rows if row.grade for id_ in row.grade.exercises))
    table: list[list[Value]] = [[*BEFORE, *exercises, *AFTER]]
    for row in rows:
        person: list[Value] = [row.student, row.person.name, row.person.email, wanted.assignment]
        if (grade := row.grade) is None:
            nothing: list[Value] = [None] * (len(exercises) + 4)
            nothing[-1] = wanted.points
            table.append([*person, "", *nothing, "not submitted"])
            continue
        submitted = grade.submitted.isoformat(timespec="seconds") if grade.submitted else ""
        points = [grade.exercises.get(id_) for id_ in exercises]
        totals = (grade.score, grade.penalty, grade.final, grade.points)
        table.append([*person, submitted, *points, *totals, grade.status])
    return table


def _graded(rows: list[ExportRow]) -> int:
    return sum(row.grade is not None for row in rows)
