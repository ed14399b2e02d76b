"""gradebook/students.csv: the one list of a course's students."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nbjudge.errors import CourseError
from nbjudge.files import write_atomically
from nbjudge.model import Course, Language
from nbjudge.student_ids import RULE, canonical, fold, is_student_id

COLUMNS = ("id", "name", "email", "lms_ids", "aliases", "group", "language")
SEPARATOR = ";"  # between several ids or aliases in one cell


@dataclass(frozen=True, slots=True)
class Student:
    """One student of the roster."""

    id: str  # the login that submissions, grades and pages are kept under
    name: str = ""
    email: str = ""
    lms_ids: tuple[str, ...] = ()  # numbers and logins that learning systems know the student by
    aliases: tuple[str, ...] = ()  # other names that files come under
    group: str = ""
    language: Language = ""
    extra: Mapping[str, str] = field(default_factory=dict)  # the roster's other columns


def roster_file(course: Course) -> Path:
    """Where the roster lies."""
    return course.gradebook / "students.csv"


def read_roster(course: Course) -> tuple[Student, ...]:
    """The roster's students in its order; () where there is no roster. CourseError names the file and the line."""
    path = roster_file(course)
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(
            f"{path} cannot be read ({error}): save it as CSV in UTF-8, or import it anew with `nbjudge roster import`"
        ) from None
    reader = csv.DictReader(io.StringIO(text))
    if "id" not in (reader.fieldnames or ()):
        raise CourseError(f"{path}: no column 'id': its first line names the columns: {','.join(COLUMNS)}")
    students: list[Student] = []
    lines: dict[str, int] = {}
    for row in reader:
        student = _student(row)
        where = f"{path}, line {reader.line_num}"
        if not is_student_id(student.id):
            raise CourseError(f"{where}: id {student.id!r}: {RULE}")
        if (first := lines.setdefault(fold(student.id), reader.line_num)) != reader.line_num:
            raise CourseError(
                f"{where}: {student.id!r} is the student of line {first}, too: delete one of them"
            )
        students.append(student)
    return tuple(students)


def write_roster(course: Course, students: Iterable[Student]) -> None:
    """Replaces the roster, sorted by id; extra columns are kept."""
    students = sorted(students, key=lambda student: fold(student.id))
    extra = list(dict.fromkeys(name for student in students for name in student.extra))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*COLUMNS, *extra])
    for one in students:
        known = (
            one.id,
            one.name,
            one.email,
            _joined(one.lms_ids),
            _joined(one.aliases),
            one.group,
            one.language,
        )
        writer.writerow([*known, *(one.extra.get(name, "") for name in extra)])
    write_atomically(roster_file(course), file.getvalue().encode(), mode=0o600)


def groups_of(student: Student) -> tuple[str, ...]:
    """The groups that a student is in, several in one cell."""
    return split_names(student.group)


def split_names(text: str) -> tuple[str, ...]:
    """The several ids or aliases of one cell."""
    return tuple(filter(None, map(canonical, text.split(SEPARATOR))))


def _student(row: dict[str, str | None]) -> Student:
    values = {name: canonical(value or "") for name, value in row.items() if name}
    return Student(
        id=values["id"],
        name=values.get("name", ""),
        email=values.get("email", ""),
        lms_ids=split_names(values.get("lms_ids", "")),
        aliases=split_names(values.get("aliases", "")),
        group=values.get("group", ""),
        language=values.get("language", ""),
        extra={name: value for name, value in values.items() if name not in COLUMNS},
    )


def _joined(names: Iterable[str]) -> str:
    return SEPARATOR.join(names)
