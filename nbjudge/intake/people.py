"""Which student a layout's words mean: one of the roster, or a question; never a guess."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbjudge.errors import CourseError
from nbjudge.intake.layouts import Scene, Who
from nbjudge.intake.layouts.handed_in import is_released_name
from nbjudge.intake.sheets import read_sheet
from nbjudge.roster import Student
from nbjudge.student_ids import RULE, canonical, fold, is_student_id

NEAREST = 3  # students that a question names
ALIKE = 0.7  # of 1
PARTS = re.compile(r"[\w'’-]+")


@dataclass(frozen=True, slots=True)
class Question:
    """Why nobody but a person can say whose a file is."""

    reason: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """The students whom a course knows, by everything that they are called."""

    roster: tuple[Student, ...]
    present: frozenset[str]  # ids under which something was handed in before
    by_id: dict[str, set[str]] = field(default_factory=dict)
    by_name: dict[str, set[str]] = field(default_factory=dict)
    mapped: dict[str, str] = field(default_factory=dict)  # folded text of --map -> id


def know(roster: Iterable[Student], present: Iterable[str] = (), mapping: Path | None = None) -> People:
    """An index of the roster, of who handed in before, and of what --map says; CourseError if the map is wrong."""
    people = People(tuple(roster), frozenset(present))
    for student in people.roster:
        for name in _ids_of(student):
            people.by_id.setdefault(fold(name), set()).add(student.id)
        for name in (student.name, *student.aliases):
            for key in name_keys(name):
                people.by_name.setdefault(key, set()).add(student.id)
    if not people.roster:
        for id_ in people.present:
            people.by_id.setdefault(fold(id_), set()).add(id_)
    if mapping is not None:
        people.mapped.update(_read_map(mapping, people))
    return people


def whose(who: Who, file: str, people: People, scene: Scene) -> str | Question:
    """The student's id, or what to ask; `file` is the file's name in the archive, as --map may name it."""
    for text in (file, *who.names, *who.ids, who.participant, file.partition("/")[0]):
        if text and (mapped := people.mapped.get(fold(text))):
            return mapped
    found = [each for each in _evidence(who, people) if each]
    common = set.intersection(*found) if found else set()
    if len(common) == 1:
        return common.pop()
    shown = who.shown
    if common:
        return Question(f"{shown!r} may be several students: say who with --map", tuple(sorted(common)))
    if found:
        both = tuple(sorted(set().union(*found)))
        return Question(
            f"{shown!r}: its name and its number are different students': say who with --map", both
        )
    if people.roster:
        how = "say who with --map FILE, or put this name into the roster's column 'aliases'"
        return Question(f"{shown!r} is not in the roster: {how}", _nearest(who, people))
    return _new(who, people, scene)


def one_called(text: str, people: People) -> str | Question:
    """The student whom a person names by id, e-mail or number; a new id where there is no roster."""
    found = _called((text,), people)
    if len(found) == 1:
        return found.pop()
    if found:
        return Question(f"{text!r} may be several students: name one by id", tuple(sorted(found)))
    if people.roster:
        how = "`nbjudge roster add` it, or `nbjudge roster list` shows who is there"
        return Question(f"{text!r} is not in the roster: {how}", _nearest(Who((text,), (text,)), people))
    return canonical(text)


def name_keys(name: str) -> set[str]:
    """A name in every order that learning systems write it in, squeezed as Canvas does: "Anna Petrova", "petrovaanna"."""
    parts = [re.sub(r"[\W_]", "", part) for part in PARTS.findall(fold(name).replace("ё", "е"))]
    parts = [part for part in parts if part]
    return {"".join([*parts[turn:], *parts[:turn]]) for turn in range(len(parts))}


def _new(who: Who, people: People, scene: Scene) -> str | Question:
    """Without a roster the name itself is the id, if it can be one."""
    known = [name for copy in who.copies for name in people.by_id.get(fold(copy), ())]
    if known:
        return known[0]
    for text in who.ids:
        id_ = canonical(text)
        if is_released_name(id_, scene):
            return Question(
                f"{text!r} is the name of a notebook, not of a student: say whose it is with --map"
            )
        if is_student_id(id_):
            return id_
    text = (*who.ids, *who.names, "")[0]
    return Question(f"{text!r} is not a student id: {RULE}; import a roster, or say whose it is with --map")


def _evidence(who: Who, people: People) -> Iterator[set[str]]:
    """What numbers and logins say, and what names do: ids of the students whom each may mean."""
    named = _named(who.names, people)
    # A participant's number is another in each assignment: where there is a name, it is no evidence.
    ids = [text for text in who.ids if not (named and text == who.participant)]
    known = _called(ids, people) or (_called(who.copies, people) if people.roster else set())
    yield known
    yield named or (set() if known else _named(ids, people))


def _called(texts: Iterable[str], people: People) -> set[str]:
    return set().union(*(people.by_id.get(fold(text), set()) for text in texts))


def _named(names: Iterable[str], people: People) -> set[str]:
    return set().union(*(people.by_name.get(key, set()) for name in names for key in name_keys(name)))


def _ids_of(student: Student) -> Iterator[str]:
    yield student.id
    yield from student.lms_ids
    yield from student.aliases
    if student.email:
        yield student.email
        yield student.email.partition("@")[0]


def _nearest(who: Who, people: People) -> tuple[str, ...]:
    keys: dict[str, set[str]] = {}
    for index in (people.by_id, people.by_name):
        for key, students in index.items():
            keys.setdefault(key, set()).update(students)
    keys = {
        key: students for key, students in keys.items() if "@" not in key
    }  # or one domain would make all alike
    wanted = [fold(text).partition("@")[0] for text in who.ids] + [
        key for name in who.names for key in sorted(name_keys(name))
    ]
    found: dict[str, None] = {}
    for text in wanted:
        for key in difflib.get_close_matches(text, keys, NEAREST, ALIKE):
            found.update(dict.fromkeys(sorted(keys[key])))
    return tuple(found)[:NEAREST]


def _read_map(path: Path, people: People) -> dict[str, str]:
    """Two columns: what the file or the student is called in the archive, and the student's id."""
    try:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error):
        rows = []
    if not rows or any(row and len(row) < 2 for row in rows):
        sheet = read_sheet(path)  # another dialect, or an error that names the file
        rows = [list(row.values()) for row in sheet]
    mapped: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        if len(row) < 2 or not row[0].strip():
            continue
        text, id_ = canonical(row[0]), canonical(row[1])
        if number == 1 and fold(id_) in ("id", "student", "student_id"):
            continue  # a header
        known = people.by_id.get(fold(id_), set())
        if people.roster and len(known) != 1:
            raise CourseError(
                f"{path}, line {number}: {id_!r} is not one student of the roster: `nbjudge roster list`"
            )
        if not is_student_id(id_) and not known:
            raise CourseError(f"{path}, line {number}: {id_!r} is not a student id: {RULE}")
        mapped[fold(text)] = next(iter(known), id_)
    return mapped
