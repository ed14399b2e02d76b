"""Grades and feedback on their way back to the LMS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.app import reporting
from nbjudge.course import pick_assignment
from nbjudge.model import Course

if TYPE_CHECKING:
    from nbjudge.reporting.exports import Export, ExportRow, Wanted

FORMATS = ("csv", "moodle", "canvas", "xlsx")


def export(
    course: Course,
    name: str,
    to: str,
    *,
    template: Path | None = None,
    column: str | None = None,
    match: str | None = None,
    unfinished: bool = False,
) -> Export:
    """The grades of one assignment in one of FORMATS, every student of the course in it; reads only.

    `template`: the file that the LMS gave, to be filled in. `column`: the one in it for the grades; `match`: the one with
    our students' ids. CourseError for an unknown assignment or a file that is no such template.
    """
    from nbjudge.reporting.exports import EXPORTS

    wanted = _wanted(course, name, template, column, match, unfinished)
    return EXPORTS[to](_rows(course, name), wanted)


def export_feedback(
    course: Course, name: str, *, template: Path | None = None, match: str | None = None
) -> Export:
    """Everybody's feedback page, written anew, as the zip that Moodle takes; CourseError before feedback may open."""
    from nbjudge.reporting.exports import export_feedback as pack

    pages = {path.parts[-3]: path.read_bytes() for path in reporting.feedback(course, name)}
    return pack(_rows(course, name), _wanted(course, name, template, None, match, False), pages)


def default_file(course: Course, name: str, to: str) -> Path:
    """Where an export goes that nobody named a file for."""
    return course.gradebook / "exports" / (f"{name}.xlsx" if to == "xlsx" else f"{name}-{to}.csv")


def _wanted(
    course: Course,
    name: str,
    template: Path | None,
    column: str | None,
    match: str | None,
    unfinished: bool,
) -> Wanted:
    from nbjudge.reporting.exports import Wanted
    from nbjudge.reporting.exports.template import read_template
    from nbjudge.scoring import rounded

    declared = pick_assignment(course, name)
    titles = tuple(
        dict.fromkeys(filter(None, (declared.title.get(language) for language in course.languages)))
    )
    return Wanted(
        name,
        titles or (name,),
        rounded(sum(declared.points.values())),
        read_template(template) if template else None,
        column,
        match,
        unfinished,
    )


def _rows(course: Course, name: str) -> list[ExportRow]:
    from nbjudge.app.roster import students_of
    from nbjudge.reporting.exports import ExportRow
    from nbjudge.reporting.exports.template import Person
    from nbjudge.roster import Student

    handed_in = {row.student: row for row in reporting.grades(course, name) if row.submitted is not None}
    people = {one.id: one for one in students_of(course)}
    everybody = {**{student: Student(student) for student in handed_in}, **people}
    return [
        ExportRow(Person(one.id, one.name, one.email, one.lms_ids), handed_in.get(one.id))
        for _, one in sorted(everybody.items())
    ]
