"""The course's students: gradebook/students.csv, and nbgrader's database after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.errors import CourseError
from nbjudge.model import Course
from nbjudge.roster import Student, read_roster, write_roster

if TYPE_CHECKING:
    from nbjudge.intake.roster_import import RosterChange


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of a student who is taken off the roster."""

    student: Student
    kept: bool  # submissions or grades are there: those stay


def students_of(course: Course) -> tuple[Student, ...]:
    """Every student: the roster's, those that only the database knows, then who only handed something in; each by id."""
    from nbjudge.gradebook import read_gradebook, read_students
    from nbjudge.intake.store import present_students
    from nbjudge.student_ids import fold

    with read_gradebook(course) as book:
        recorded = read_students(book) if book else []
    present = (Student(id_) for id_ in sorted(present_students(course)))
    found: dict[str, Student] = {}
    for one in (*read_roster(course), *recorded, *present):
        found.setdefault(fold(one.id), one)
    return tuple(found.values())


def import_roster(
    course: Course, path: Path, id_column: str | None = None, *, dry_run: bool = False
) -> RosterChange:
    """Adds the students of a CSV or xlsx file and updates those who are there; CourseError names a line that is wrong."""
    from nbjudge.intake.roster_import import merge, read_students_file

    change = merge(read_roster(course), read_students_file(path, id_column))
    if not dry_run:
        _write(course, change.students)
    return change


def add_student(course: Course, student: Student) -> RosterChange:
    """Adds one student, or updates the one of this id."""
    from nbjudge.intake.roster_import import merge
    from nbjudge.student_ids import RULE, is_student_id

    if not is_student_id(student.id):
        raise CourseError(f"student id {student.id!r}: {RULE}")
    change = merge(read_roster(course), [student])
    _write(course, change.students)
    return change


def remove_student(course: Course, id_: str) -> Removed:
    """Takes one student off the roster; submissions and grades stay where there are some. CourseError if not on it."""
    from nbjudge.gradebook import forget_student, read_gradebook
    from nbjudge.intake.people import Question, know, one_called
    from nbjudge.intake.store import present_students

    roster = read_roster(course)
    found = one_called(id_, know(roster))
    gone = [student for student in roster if student.id == found]
    if isinstance(found, Question) or not gone:
        near = ", ".join(found.candidates) if isinstance(found, Question) else ""
        raise CourseError(
            f"{id_!r} is not in the roster{f' (near: {near})' if near else ''}: `nbjudge roster list`"
        )
    write_roster(course, [student for student in roster if student.id != found])
    with read_gradebook(course) as book:
        forgotten = book is None or forget_student(book, gone[0].id)
    return Removed(gone[0], kept=not forgotten or gone[0].id in present_students(course))


def _write(course: Course, students: tuple[Student, ...]) -> None:
    from nbjudge.gradebook import read_gradebook, save_students

    write_roster(course, students)
    with read_gradebook(course) as book:  # one that is not there yet gets them with the first grading
        if book is not None:
            save_students(book, students)
