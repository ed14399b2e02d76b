"""Canvas: the gradebook's CSV, as "Export" gives it and "Import" takes it back.

Canvas finds a student by ID, SIS User ID, SIS Login ID and name, in this order, and an assignment by the number in its column's
head, "Title (4711)", or by its title (lib/gradebook_importer.rb). An empty cell erases a score, so with a template everything
that is not ours stays as it came.
"""

from __future__ import annotations

import csv
import io
import re

from nbjudge.errors import CourseError
from nbjudge.reporting.exports.rows import Export, ExportRow, Wanted, listed, number, waiting
from nbjudge.reporting.exports.template import (
    Kind,
    Template,
    column_called,
    match_rows,
    named_column,
    plain,
    write_template,
)
from nbjudge.reporting.grades_csv import harmless

POSSIBLE = "Points Possible"
READ_ONLY = "read only"
KEYS: dict[str, tuple[Kind, ...]] = {
    "ID": ("lms_id",),  # Canvas's own number: a course's ids that look alike are something else
    "SIS User ID": ("id", "lms_id"),
    "SIS Login ID": ("id", "email", "lms_id"),
}
NUMBERED = re.compile(r"\s*\(\d+\)\s*$")  # "Tensors (4711)"
TEST_STUDENT = ("student", "test")
NOT_ASSIGNED = "n/a"


def export_canvas(rows: list[ExportRow], wanted: Wanted) -> Export:
    """The gradebook with the column of this assignment filled in, or a new one; CourseError for another file."""
    if wanted.template is None:
        return _new(rows, wanted)
    template = wanted.template
    if column_called(template, "ID") is None or column_called(template, "Section") is None:
        raise CourseError(
            f"{template.path}: not Canvas's gradebook: no columns Student, ID and Section; use Grades → Export in Canvas"
        )
    at = _column(template, wanted)
    cells = [list(row) for row in template.rows]
    notices = []
    first = next((row for row in cells if POSSIBLE in row[0]), None)
    if first is not None:
        if READ_ONLY in first[at]:
            raise CourseError(
                f"{template.path}: Canvas does not let the column {template.header[at]!r} be changed"
            )
        try:
            if abs(float(first[at].replace(",", ".")) - wanted.points) > 1e-9:
                notices.append(
                    f"Canvas has {first[at]} points for {template.header[at]!r}, the assignment"
                    f" {number(wanted.points)}: make them equal there"
                )
        except ValueError:
            pass
    students = [n for n, row in enumerate(cells) if _is_student(row)]
    whose, unclear = _match(rows, wanted, template, [cells[n] for n in students])
    by_id = {row.student: row for row in rows}
    done, refused = 0, []
    for n, student in whose.items():
        row = cells[students[n]]
        points = wanted.points_of(by_id[student])
        if points is not None and plain(row[at]) == NOT_ASSIGNED:
            refused.append(student)
        elif points is not None:
            row[at] = number(points)
            done += 1
    if refused:
        notices.append(f"not assigned to them in Canvas, so it would take no grade: {listed(refused)}")
    there = set(whose.values())
    absent = [row.student for row in rows if row.grade is not None and row.student not in there]
    if absent:
        notices.append(f"graded, but not found in the template: {listed(absent)}")
    return Export(write_template(template, cells), done, (*notices, *unclear, *waiting(rows, wanted)))


def _column(template: Template, wanted: Wanted) -> int:
    if wanted.column is not None:
        return named_column(template, wanted.column, "--column")
    titles = {plain(title) for title in (*wanted.titles, wanted.assignment)}
    found = [n for n, head in enumerate(template.header) if plain(NUMBERED.sub("", head)) in titles]
    if len(found) != 1:
        several = "several columns are" if found else "no column is"
        raise CourseError(
            f"{template.path}: {several} called {' or '.join(map(repr, wanted.titles))}; name it with --column:"
            f" {', '.join(template.header)}"
        )
    return found[0]


def _is_student(row: list[str]) -> bool:
    """Whether Canvas takes the row for a student's; not the maxima, and not the one that says which columns are muted."""
    name = tuple(plain(row[0]).replace(",", " ").split())
    return POSSIBLE not in row[0] and bool(name) and name != TEST_STUDENT


def _match(
    rows: list[ExportRow], wanted: Wanted, template: Template, students: list[list[str]]
) -> tuple[dict[int, str], list[str]]:
    people = [row.person for row in rows]
    if wanted.match is not None:
        at = named_column(template, wanted.match, "--match")
        return match_rows(people, students, {at: ("id",)})
    columns: dict[int, tuple[Kind, ...]] = {}
    for head, kinds in KEYS.items():
        if (found := column_called(template, head)) is not None:
            columns[found] = kinds
    names = column_called(template, "ID")  # after "Student", or "LastName" and "FirstName"
    return match_rows(people, students, columns, lambda row: " ".join(row[:names]))


def _new(rows: list[ExportRow], wanted: Wanted) -> Export:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["Student", "ID", "SIS Login ID", "Section", harmless(wanted.titles[0])])
    writer.writerow([f"    {POSSIBLE}", "", "", "", number(wanted.points)])
    for row in rows:
        number_ = next((one for one in row.person.lms_ids if one.isdigit()), "")
        person = map(harmless, (row.person.name or row.student, number_, row.student))
        writer.writerow([*person, "", number(wanted.points_of(row))])
    done = sum(wanted.points_of(row) is not None for row in rows)
    return Export(file.getvalue().encode(), done, waiting(rows, wanted))
