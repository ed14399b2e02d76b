"""A CSV file that an LMS gave: read, filled in, and written as it was, but for the cells that are ours."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nbjudge.errors import CourseError
from nbjudge.reporting.grades_csv import harmless, one_cell

BOM = b"\xef\xbb\xbf"
EMPTY = "-"  # what Moodle writes into cells that hold nothing


Kind = Literal["id", "email", "lms_id"]  # what identifies a student


@dataclass(frozen=True, slots=True)
class Person:
    """What a row is matched by; empty: unknown."""

    id: str
    name: str = ""
    email: str = ""
    lms_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """The file's cells and how it was written."""

    path: Path
    header: list[str]
    rows: list[list[str]]
    delimiter: str
    newline: str
    bom: bool


def read_template(path: Path) -> Template:
    """The template in `path`; CourseError if it is no CSV file in UTF-8."""
    try:
        data = path.read_bytes()
        text = data.removeprefix(BOM).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(
            f"{path}: can't be read as CSV in UTF-8: {error}; pass the file as the LMS gave it"
        ) from None
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    cells = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    if not cells or len(cells[0]) < 2:
        raise CourseError(f"{path}: no table in it; pass the CSV file as the LMS gave it")
    width = len(cells[0])
    rows = [row + [""] * (width - len(row)) for row in cells[1:]]
    newline = "\r\n" if first.endswith("\r") else "\n"
    return Template(path, cells[0], rows, delimiter, newline, data.startswith(BOM))


def write_template(template: Template, rows: Sequence[Sequence[str]], verbatim: Sequence[int] = ()) -> bytes:
    """The template with these `rows`; texts that a spreadsheet would run get an apostrophe, but in `verbatim` columns."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=template.delimiter, lineterminator=template.newline)
    writer.writerow([harmless(cell) for cell in template.header])
    for row in rows:
        writer.writerow(
            [
                one_cell(cell) if n in verbatim or cell == EMPTY else harmless(cell)
                for n, cell in enumerate(row)
            ]
        )
    return (BOM if template.bom else b"") + file.getvalue().encode()


def column_called(template: Template, *names: str) -> int | None:
    """Where the column with one of these names is, in any case; None if there is none."""
    wanted = {plain(name) for name in names}
    return next((n for n, head in enumerate(template.header) if plain(head) in wanted), None)


def named_column(template: Template, name: str, option: str) -> int:
    """Where the column called `name` is; CourseError lists the ones there are."""
    found = column_called(template, name)
    if found is None:
        raise CourseError(
            f"{template.path}: {option}: no column {name!r}; there is: {', '.join(template.header)}"
        )
    return found


def plain(text: str) -> str:
    """`text` for comparing: composed, without case and outer white space."""
    return unicodedata.normalize("NFC", text).strip().casefold()


def same_name(text: str) -> tuple[str, ...]:
    """A person's name for comparing: its words, in no order ("Petrova, Anna" is "Anna Petrova")."""
    return tuple(sorted(plain(text).replace(",", " ").split()))


def match_rows(
    people: Sequence[Person],
    rows: Sequence[Sequence[str]],
    columns: Mapping[int, tuple[Kind, ...]],
    name_of: Callable[[Sequence[str]], str] = lambda row: "",
) -> tuple[dict[int, str], list[str]]:
    """Which row is whose: (row's number -> student, notices).

    `columns`: where a row says who it is, and what may stand there: another kind of number in common means nothing. Where they
    say nothing, a name that is nobody else's decides. Where two disagree, or two rows are one student's, nobody gets
    anything: a grade in the wrong row is worse than none.
    """
    keys: dict[tuple[Kind, str], set[str]] = {}
    names: dict[tuple[str, ...], set[str]] = {}
    for person in people:
        known: list[tuple[Kind, str]] = [("id", person.id), ("email", person.email)]
        known += [("lms_id", one) for one in person.lms_ids]
        for kind, value in known:
            if plain(value):
                keys.setdefault((kind, plain(value)), set()).add(person.id)
        if words := same_name(person.name):
            names.setdefault(words, set()).add(person.id)
    rows_named = Counter(same_name(name_of(row)) for row in rows)
    found: dict[int, str] = {}
    notices: list[str] = []
    for n, row in enumerate(rows):
        asked = [(kind, plain(row[at])) for at, kinds in columns.items() for kind in kinds]
        mine = set().union(*(keys.get(each, set()) for each in asked))
        words = same_name(name_of(row))
        if not mine and words and rows_named[words] == 1:
            mine = names.get(words, set())
        if len(mine) == 1:
            found[n] = next(iter(mine))
        elif mine:
            notices.append(f"the row of {row[0]!r} could be {' or '.join(sorted(mine))}: not filled in")
    rows_of = Counter(found.values())
    twice = {student for student, count in rows_of.items() if count > 1}
    notices += [f"{student} is in several rows: none is filled in" for student in sorted(twice)]
    return {n: student for n, student in found.items() if student not in twice}, notices
