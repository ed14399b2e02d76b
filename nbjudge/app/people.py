"""Everybody whom the course knows: the list in students.csv, the database's students, and whoever handed something in."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace

from nbjudge.model import Course

STUDENTS = "students.csv"  # in the gradebook's folder


@dataclass(frozen=True, slots=True)
class Known:
    """One student, as far as somebody told."""

    id: str
    name: str = ""
    email: str = ""
    lms_ids: tuple[str, ...] = ()  # that learning systems know the student by
    groups: tuple[str, ...] = ()


def students_of(course: Course) -> list[Known]:
    """Every student of the course, by id."""
    found = {folder.name: Known(folder.name) for folder in course.gradebook.glob("submitted/*/")}
    for one in (*_from_database(course), *_from_list(course)):
        before = found.get(one.id, one)
        known = {
            name: getattr(one, name) or getattr(before, name)
            for name in ("name", "email", "lms_ids", "groups")
        }
        found[one.id] = replace(one, **known)
    return [found[id_] for id_ in sorted(found)]


def _from_database(course: Course) -> list[Known]:
    from nbjudge.gradebook import read_gradebook
    from nbjudge.gradebook.tables import student as t

    with read_gradebook(course) as book:
        if book is None:
            return []
        with book.engine.connect() as connection:
            rows = connection.execute(t.select()).all()
    return [
        Known(
            row.id,
            " ".join(filter(None, (row.first_name, row.last_name))),
            row.email or "",
            (row.lms_user_id,) if row.lms_user_id else (),
        )
        for row in rows
    ]


def _from_list(course: Course) -> list[Known]:
    path = course.gradebook / STUDENTS
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [
            {key: (value or "").strip() for key, value in row.items() if isinstance(value, str | None)}
            for row in csv.DictReader(file)
        ]
    return [
        Known(
            row["id"],
            row.get("name", ""),
            row.get("email", ""),
            _several(row.get("lms_ids", "")),
            _several(row.get("group", "")),
        )
        for row in rows
        if row.get("id")
    ]


def _several(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, cell.split(";"))))
