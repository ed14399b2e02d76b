"""The learning system's own sheet of submissions: who stands behind a participant's number, and when who handed in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path

from nbjudge.errors import CourseError
from nbjudge.intake.layouts import HandedIn, Who
from nbjudge.intake.moments import parse_moment
from nbjudge.intake.people import name_keys
from nbjudge.intake.sheets import read_sheet
from nbjudge.student_ids import fold

NOTHING = ("", "-", "–")
# Columns of Moodle's grading worksheet in English and Russian, of Canvas's API and of people's own tables.
TIMES = re.compile(
    r"last modified \(submission\)|последнее изменение \((ответ|сдача|работа|submission)\)|submitted([ _](at|on))?"
    r"|submission (date|time)|submitted date|timestamp|handed in|дата сдачи|время сдачи",
    re.IGNORECASE,
)
PARTICIPANT = re.compile(r"identifier|идентификатор", re.IGNORECASE)
NAMES = re.compile(
    r"full ?name|name|student|user|полное имя|(фамилия|имя) ?/ ?(имя|фамилия)|студент|фио", re.IGNORECASE
)
IDS = re.compile(
    r"id|user[ _]?id|canvas_user_id|(sis )?(user|login) id|login_id|sid|username|login|логин|email( address)?|e-mail"
    r"|адрес электронной почты|электронная почта|id ?number|индивидуальный номер|student(_id| id)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Row:
    """What the sheet says of one student."""

    participant: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    when: datetime | None  # aware; None: no time, or nothing handed in


@dataclass(frozen=True, slots=True)
class Record:
    """The sheet, by everything that it calls students."""

    by_participant: dict[str, list[Row]]
    by_id: dict[str, list[Row]]
    by_name: dict[str, list[Row]]


def read_record(path: Path, zone: tzinfo) -> Record:
    """The sheet; CourseError if it names no student or has a time that can't be read."""
    sheet = read_sheet(path)
    columns = list(sheet[0]) if sheet else []
    times = [name for name in columns if TIMES.fullmatch(name)]
    who = [name for name in columns if any(kind.fullmatch(name) for kind in (PARTICIPANT, NAMES, IDS))]
    if not who:
        raise CourseError(f"{path}: no column names the student; it has: {', '.join(columns) or 'none'}")
    record = Record({}, {}, {})
    for line, values in enumerate(sheet, 2):
        numbers = [re.sub(r"\D", "", values.get(name, "")) for name in who if PARTICIPANT.fullmatch(name)]
        row = Row(
            participant="".join(numbers[:1]),
            ids=tuple(values[name] for name in who if IDS.fullmatch(name) and values.get(name)),
            names=tuple(values[name] for name in who if NAMES.fullmatch(name) and values.get(name)),
            when=_when(path, line, [values.get(name, "") for name in times], zone),
        )
        record.by_participant.setdefault(row.participant, []).append(row)
        for id_ in {fold(text) for text in row.ids}:
            record.by_id.setdefault(id_, []).append(row)
        for key in set().union(*map(name_keys, row.names)):
            record.by_name.setdefault(key, []).append(row)
    return record


def explained(handed_in: HandedIn, record: Record) -> HandedIn:
    """A hand-in with what the one row about it adds; as it was where none or several are."""
    who = handed_in.who
    named = set().union(*map(name_keys, who.names))
    for rows in (
        record.by_participant.get(who.participant, []) if who.participant else [],
        [row for text in who.ids for row in record.by_id.get(fold(text), [])],
        [row for key in sorted(named) for row in record.by_name.get(key, [])],
    ):
        if len(set(rows)) == 1:
            row = rows[0]
            more = Who((*who.ids, *row.ids), (*who.names, *row.names), who.copies, who.participant)
            return replace(handed_in, who=more, when=row.when or handed_in.when)
    return handed_in


def _when(path: Path, line: int, texts: list[str], zone: tzinfo) -> datetime | None:
    for text in texts:
        if text not in NOTHING:
            try:
                return parse_moment(text, zone)
            except ValueError as error:
                raise CourseError(f"{path}, line {line}: {error}") from None
    return None
