"""Lists of students as learning systems and people export them -> Students, and how they change the roster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nbjudge.errors import CourseError
from nbjudge.intake.sheets import read_sheet
from nbjudge.roster import COLUMNS, Student, split_names
from nbjudge.student_ids import RULE, fold, is_student_id

# Headers of Moodle (participants, grades, worksheets) in English and Russian, of Canvas (gradebook, groups), of nbgrader.
FIELDS = {
    "id": "id|student[_ ]id|username|login|логин|имя пользователя|sis login id|login_id",
    "lms_ids": "lms_ids|lms_user_id|canvas_user_id|user_id|sis user id|sid|id number|индивидуальный номер",
    "email": "email|email address|e-mail|mail|адрес электронной почты|электронная почта|почта",
    "first": "first[_ ]name|given name|имя",
    "last": "last[_ ]name|surname|family name|фамилия",
    "name": "name|full ?name|student|студент|полное имя|фио",
    "group": "groups?|sections?|group_name|группы?",
    "language": "language|язык",
    "aliases": "aliases",
}
NOT_STUDENTS = re.compile(r"\s*points possible\s*|student, test|test student|тестовый студент", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RosterChange:
    """What an import would make of the roster."""

    students: tuple[Student, ...]  # all of them, afterwards
    added: tuple[str, ...]  # ids
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


def read_students_file(path: Path, id_column: str | None = None) -> list[Student]:
    """The students of a CSV or xlsx file; `id_column` names the column of the ids, else a login, else the e-mail.

    CourseError names the line without a usable id.
    """
    sheet = read_sheet(path)
    columns = list(sheet[0]) if sheet else []
    if id_column is not None and id_column not in columns:
        raise CourseError(f"{path}: no column {id_column!r}; it has: {', '.join(columns)}")
    fields = _fields(columns)
    if not fields.keys() & {"id", "email", "lms_ids"} and id_column is None:
        raise CourseError(
            f"{path}: no column with a login or an e-mail; it has: {', '.join(columns)}. Name it with --id COLUMN"
        )
    canvas_grades = "Student" in columns and any(name.startswith("SIS ") for name in columns)
    used = {name for names in fields.values() for name in names} | ({id_column} if id_column else set())
    kept = [] if canvas_grades else [name for name in columns if name not in used]
    found = []
    for line, row in enumerate(sheet, 2):
        if any(NOT_STUDENTS.fullmatch(value) for value in row.values() if value):
            continue
        student = _student(row, fields, id_column, kept)
        if not is_student_id(student.id):
            raise CourseError(
                f"{path}, line {line}: {student.id!r} cannot be a student's id: {RULE}. Name another column with --id"
            )
        found.append(student)
    return found


def merge(roster: Sequence[Student], imported: Iterable[Student]) -> RosterChange:
    """The roster with the imported students: known by id, e-mail or LMS id they are updated, else added; nobody goes."""
    students = {fold(one.id): one for one in roster}
    added: dict[str, None] = {}
    changed: dict[str, None] = {}
    unchanged: dict[str, None] = {}
    index = {key: fold(one.id) for one in roster for key in _keys(one)}
    logins: dict[str, set[str]] = {}
    for one in roster:
        logins.setdefault(_login(one), set()).add(fold(one.id))
    for new in imported:
        known = next((index[key] for key in _keys(new) if key in index), "")
        # One system's login is the other's e-mail without its domain: believed where only one student has it.
        alike = logins.get(_login(new), set()) if "@" not in new.id or not new.email else set()
        known = known or (next(iter(alike)) if len(alike) == 1 else fold(new.id))
        old = students.get(known)
        if old is None:
            students[known] = new
            added[new.id] = None
        else:
            students[known] = _updated(old, new)
            if old.id not in added:
                (unchanged if students[known] == old else changed)[old.id] = None
        logins.setdefault(_login(students[known]), set()).add(known)
        index.update(dict.fromkeys(_keys(students[known]), known))
    return RosterChange(tuple(students.values()), tuple(added), tuple(changed), tuple(unchanged))


def _fields(columns: Sequence[str]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    canvas = any(fold(name).startswith(("sis ", "canvas_user_id")) for name in columns)
    for name in columns:
        for field, pattern in FIELDS.items():
            if re.fullmatch(pattern, fold(name)):
                # Canvas's own number: another column has the login.
                field = "lms_ids" if canvas and name == "ID" else field
                fields.setdefault(field, []).append(name)
                break
    return fields


def _student(
    row: Mapping[str, str], fields: dict[str, list[str]], id_column: str | None, kept: list[str]
) -> Student:
    def values(field: str) -> list[str]:
        return [row[name] for name in fields.get(field, ()) if row.get(name)]

    def first(field: str) -> str:
        return (values(field) or [""])[0]

    lms = tuple(name for value in values("lms_ids") for name in split_names(value))
    id_ = row.get(id_column, "") if id_column else first("id") or first("email") or (lms or ("",))[0]
    name = " ".join(filter(None, (first("first"), first("last")))) or first("name")
    if re.fullmatch(r"[^,]+, [^,]+", name):  # "Petrova, Anna", as Canvas sorts
        name = " ".join(reversed(name.split(", ")))
    return Student(
        id=id_,
        name=name,
        email=first("email"),
        lms_ids=tuple(each for each in lms if each != id_),
        aliases=split_names(first("aliases")),
        group=SEPARATORS.sub("; ", first("group")),
        language=first("language"),
        extra={name: row[name] for name in kept if row.get(name) and name not in COLUMNS},
    )


SEPARATORS = re.compile(r"\s*[;,]\s*")


def _keys(student: Student) -> list[tuple[str, str]]:
    email = [("email", fold(student.email))] if student.email else []
    return [("id", fold(student.id)), *email, *(("lms", fold(each)) for each in student.lms_ids)]


def _login(student: Student) -> str:
    return fold(student.id.partition("@")[0])


def _updated(old: Student, new: Student) -> Student:
    """What the new line says goes before the old; what it leaves empty stays."""
    return replace(
        old,
        name=new.name or old.name,
        email=new.email or old.email,
        lms_ids=tuple(dict.fromkeys((*old.lms_ids, *(each for each in new.lms_ids if each != old.id)))),
        aliases=tuple(dict.fromkeys((*old.aliases, *new.aliases))),
        group=new.group or old.group,
        language=new.language or old.language,
        extra={**old.extra, **new.extra},
    )
