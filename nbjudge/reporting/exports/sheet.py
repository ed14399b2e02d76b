"""The gradebook as a table: CSV, or a workbook."""

from __future__ import annotations

import csv
import io

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
    """The same as a workbook: numbers are numbers, and no text is a formula or a link."""
    from xlsxwriter import Workbook

    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet(wanted.assignment[:31])
        bold = book.add_format({"bold": True})
        for n, row in enumerate(_table(rows, wanted)):
            for m, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(n, m, cell, bold if n == 0 else None)
                elif cell is not None:
                    sheet.write_number(n, m, cell)
        sheet.freeze_panes(1, 1)
        sheet.autofit()
    return Export(file.getvalue(), _graded(rows))


def _table(rows: list[ExportRow], wanted: Wanted) -> list[list[Value]]:
    exercises = list(dict.fromkeys(id_ for row in rows if row.grade for id_ in row.grade.exercises))
    table: list[list[Value]] = [[*BEFORE, *exercises, *AFTER]]
    for row in rows:
        person: list[Value] = [row.student, row.person.name, row.person.email, wanted.assignment]
        if (grade := row.grade) is None:
            nothing: list[Value] = [None] * (len(exercises) + 4)
            nothing[-1] = wanted.points
            table.append([*person, "", *nothing, "no submission"])
            continue
        submitted = grade.submitted.isoformat(timespec="seconds") if grade.submitted else ""
        points = [grade.exercises.get(id_) for id_ in exercises]
        totals = (grade.score, grade.penalty, grade.final, grade.points)
        table.append([*person, submitted, *points, *totals, grade.status])
    return table


def _graded(rows: list[ExportRow]) -> int:
    return sum(row.grade is not None for row in rows)
