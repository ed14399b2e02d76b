"""Moodle: the grading worksheet of one assignment, the gradebook's CSV import, and the zip of feedback files.

With a template, the worksheet that "Download grading worksheet" gives: Moodle finds a student by the column Identifier and takes
the grade from the column Grade (mod/assign/feedback/offline/importgradeslib.php); everything else stays as it came, so that
Moodle notices grades that somebody changed there in the meantime. Without one, a table for "Import: CSV file" of the
gradebook, where a person maps the columns (grade/import/csv/classes/load_data.php).
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping

from nbjudge.errors import CourseError
from nbjudge.reporting.exports.rows import Export, ExportRow, Wanted, listed, number, waiting
from nbjudge.reporting.exports.template import (
    Kind,
    Template,
    column_called,
    match_rows,
    named_column,
    write_template,
)
from nbjudge.reporting.grades_csv import harmless

# Moodle translates its headers: English and Russian.
IDENTIFIER = ("Identifier", "Идентификатор")
GRADE = ("Grade", "Оценка")
MAXIMUM = ("Maximum Grade", "Максимальная оценка")
LOCKED = ("Grade can be changed", "Оценка может быть изменена")
COMMENTS = ("Feedback comments", "Отзыв в виде комментария")
NAMES = ("Full name", "Полное имя", "ФИО")
LOGINS = ("Username", "Логин"), ("ID number", "Индивидуальный номер")
EMAILS = ("Email address", "Адрес электронной почты")
NO = ("no", "нет")
PARTICIPANT = re.compile(r"(\d+)\s*$")  # "Participant 4711"
UNSAFE = re.compile(r"[_/\\:*?\"<>|\x00-\x1f\x7f]+")  # in Moodle's names of folders; _ separates their parts


def export_moodle(rows: list[ExportRow], wanted: Wanted) -> Export:
    """The worksheet with the grades filled in, or a table for the gradebook's import; CourseError for another file."""
    if wanted.template is None:
        return _for_import(rows, wanted)
    template = wanted.template
    grade = _grade_column(template, wanted)
    whose, notices = _match(rows, wanted, template)
    by_id = {row.student: row for row in rows}
    cells = [list(row) for row in template.rows]
    maximum, locked = column_called(template, *MAXIMUM), column_called(template, *LOCKED)
    other, refused, done = set[str](), [], 0
    for n, student in whose.items():
        points = wanted.points_of(by_id[student])
        if points is None:
            continue
        if locked is not None and cells[n][locked].strip().casefold() in NO:
            refused.append(student)
            continue
        if maximum is not None and _differs(cells[n][maximum], wanted.points):
            other.add(cells[n][maximum])
        cells[n][grade] = number(points)
        done += 1
    if other:
        notices.append(
            f"the maximum grade in Moodle is {', '.join(sorted(other))}, the assignment has {number(wanted.points)}"
            " points: make them equal there, because Moodle passes over grades above its maximum"
        )
    if refused:
        notices.append(f"Moodle says that their grades can't be changed: {listed(refused)}")
    notices += _absent(rows, whose)
    verbatim = [
        n for n in (column_called(template, *COMMENTS),) if n is not None
    ]  # a teacher's, imported again
    return Export(write_template(template, cells, verbatim), done, (*notices, *waiting(rows, wanted)))


def export_feedback(rows: list[ExportRow], wanted: Wanted, pages: Mapping[str, bytes]) -> Export:
    """The zip for "Upload multiple feedback files in a zip": one page for each student of the worksheet who has one.

    Moodle reads FULLNAME_PARTICIPANT_assignsubmission_file_ from the folder's name and believes the number alone
    (mod/assign/feedback/file/importziplib.php); the last underscore is for versions before 4.1.
    """
    template = wanted.template
    identifier = column_called(template, *IDENTIFIER) if template else None
    if template is None or identifier is None:
        raise CourseError(
            "feedback for Moodle needs the numbers of its participants: pass the grading worksheet with --template"
        )
    whose, notices = _match(rows, wanted, template)
    name_at = column_called(template, *NAMES)
    file = io.BytesIO()
    without, done = [], 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for n, student in whose.items():
            number_ = PARTICIPANT.search(template.rows[n][identifier])
            if student not in pages:
                without.append(student)
            elif number_ is not None:
                name = template.rows[n][name_at] if name_at is not None else student
                name = UNSAFE.sub(" ", name).strip() or "-"
                inside = f"{name}_{number_[1]}_assignsubmission_file_/{wanted.assignment}.html"
                archive.writestr(zipfile.ZipInfo(inside), pages[student], zipfile.ZIP_DEFLATED)
                done += 1
    ungraded = {row.student for row in rows if row.grade is None}
    if missing := [student for student in without if student not in ungraded]:
        notices.append(f"no feedback page yet: {listed(missing)}")
    return Export(file.getvalue(), done, tuple(notices))


def _match(rows: list[ExportRow], wanted: Wanted, template: Template) -> tuple[dict[int, str], list[str]]:
    people = [row.person for row in rows]
    if wanted.match is not None:
        at = named_column(template, wanted.match, "--match")
        return match_rows(people, template.rows, {at: ("id",)})
    found = (column_called(template, *names) for names in (*LOGINS, EMAILS))
    columns: dict[int, tuple[Kind, ...]] = {at: ("id", "email", "lms_id") for at in found if at is not None}
    name_at = column_called(template, *NAMES)
    if not columns and name_at is None:
        raise CourseError(
            f"{template.path}: no column says who is who; name one with --match: {', '.join(template.header)}"
        )
    return match_rows(people, template.rows, columns, lambda row: row[name_at] if name_at is not None else "")


def _grade_column(template: Template, wanted: Wanted) -> int:
    if wanted.column is not None:
        return named_column(template, wanted.column, "--column")
    found = column_called(template, *GRADE)
    if found is None or column_called(template, *IDENTIFIER) is None:
        raise CourseError(
            f"{template.path}: not a grading worksheet in English or Russian (columns Identifier and Grade);"
            f" name the column of the grades with --column: {', '.join(template.header)}"
        )
    return found


def _absent(rows: list[ExportRow], whose: Mapping[int, str]) -> list[str]:
    there = set(whose.values())
    absent = [row.student for row in rows if row.grade is not None and row.student not in there]
    return [f"graded, but not found in the template: {listed(absent)}"] if absent else []


def _differs(cell: str, points: float) -> bool:
    try:
        return abs(float(cell.replace(",", ".")) - points) > 1e-9
    except ValueError:
        return False


def _for_import(rows: list[ExportRow], wanted: Wanted) -> Export:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["Username", "Full name", "Email address", harmless(wanted.titles[0])])
    for row in rows:
        points = number(wanted.points_of(row))
        writer.writerow([*map(harmless, (row.student, row.person.name, row.person.email)), points])
    done = sum(wanted.points_of(row) is not None for row in rows)
    return Export(file.getvalue().encode(), done, waiting(rows, wanted))
