"""Extensions, and what the late policy makes of every recorded submission.

Reading always computes lateness anew, from the deadlines of today; `refresh` writes it to where nbgrader's programs read it.
An extension is a row of `nbjudge_extension`, or nbgrader's own (`grant_extension`); where there are both, the longer counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from nbjudge.gradebook.opening import Gradebook
from nbjudge.lateness import NONE, Extension, Lateness, extended_by, lateness_of_all
from nbjudge.model import Course
from nbjudge.scoring import penalty

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

SAME = 1e-9  # points; what binary noise may differ by


@dataclass(frozen=True, slots=True)
class Times:
    """What one student's lateness depends on, by assignment."""

    handed_in: dict[str, datetime] = field(default_factory=dict)  # aware, UTC
    extended: dict[str, timedelta] = field(default_factory=dict)


def grant(book: Gradebook, extensions: Iterable[Extension]) -> None:
    """Records extensions and lets grades follow, in one transaction. Earlier ones stay in the list, but count no more."""
    from nbjudge.gradebook import tables as t

    rows = [
        {
            "id": t.new_id(),
            "assignment": one.assignment,
            "student": one.student,
            "days": one.days,
            "until": _stored(one.until),
            "reason": one.reason,
            "granted_by": one.by,
            "granted_at": _stored(one.at or datetime.now(UTC)),
        }
        for one in extensions
    ]
    with book.engine.begin() as connection:
        if rows:
            connection.execute(t.extension.insert(), rows)
        refresh_all(connection, book.course)


def refresh(book: Gradebook) -> dict[tuple[str, str], Lateness]:
    """Lets factors and penalties follow the deadlines, extensions and marks of now; (assignment, student) -> lateness."""
    with book.engine.begin() as connection:
        return refresh_all(connection, book.course)


def read_lateness(book: Gradebook) -> dict[tuple[str, str], Lateness]:
    """(assignment, student) -> the lateness of every recorded submission, by the deadlines and extensions of now."""
    with book.engine.connect() as connection:
        return _lateness(book.course, _times(connection, book.course))


def read_times(book: Gradebook) -> dict[str, Times]:
    """Student -> when things were handed in and what was extended."""
    with book.engine.connect() as connection:
        return _times(connection, book.course)


def read_extensions(book: Gradebook) -> list[Extension]:
    """Every extension that was ever granted, oldest first, then nbgrader's own, which has neither time nor reason."""
    with book.engine.connect() as connection:
        return [*_own(connection), *_nbgraders(_submitted(connection))]


def refresh_all(connection: Connection, course: Course) -> dict[tuple[str, str], Lateness]:
    """`refresh` inside a transaction; writes only what is no longer true."""
    from nbjudge.gradebook import tables as t
    from nbjudge.gradebook.queries import GRADES_OF_LATE, SET_FACTOR

    submitted = _submitted(connection)
    current = _lateness(course, _times(connection, course, submitted))
    # Factors of assignments that the course no longer declares stay as they are.
    factors = {
        row.notebook: late.factor if (late := current.get((row.assignment, row.student))) else row.factor
        for row in submitted
        if row.factor is not None
    }
    for row in submitted:
        if row.notebook in factors and factors[row.notebook] != row.factor:
            whose = {"of": row.assignment, "whose": row.student}
            connection.execute(SET_FACTOR, {**whose, "factor": factors[row.notebook]})
    sums: dict[str, float] = {}
    if any(factor != 1 for factor in factors.values()):
        for grade in connection.execute(GRADES_OF_LATE):
            sums[grade.notebook_id] = sums.get(grade.notebook_id, 0.0) + points_of(grade)
    for row in submitted:
        if (factor := factors.get(row.notebook)) is not None:
            taken = penalty(sums.get(row.notebook, 0.0), factor)
            if row.penalty is None or abs(row.penalty - taken) > SAME:
                t.update(connection, t.submitted_notebook, row.notebook, late_submission_penalty=taken)
    return current


def points_of(grade: Row[Any]) -> float:
    """nbgrader's rule: what a person gave, else what the judge gave, plus extra credit."""
    given = grade.manual_score if grade.manual_score is not None else grade.auto_score
    return float(given or 0.0) + float(grade.extra_credit or 0.0)


def _lateness(course: Course, times: dict[str, Times]) -> dict[tuple[str, str], Lateness]:
    policies = {name: declared.late for name, declared in course.assignments.items()}
    return {
        (assignment, student): late
        for student, mine in times.items()
        for assignment, late in lateness_of_all(
            policies, mine.handed_in, mine.extended, course.late_days
        ).items()
    }


def _times(
    connection: Connection, course: Course, submitted: Iterable[Row[Any]] | None = None
) -> dict[str, Times]:
    rows = _submitted(connection) if submitted is None else list(submitted)
    times: dict[str, Times] = {}
    for row in rows:
        if row.timestamp is not None:
            mine = times.setdefault(row.student, Times())
            mine.handed_in[row.assignment] = row.timestamp.replace(tzinfo=UTC)
    newest = {(one.assignment, one.student): one for one in _own(connection)}
    for one in (*newest.values(), *_nbgraders(rows)):
        if (declared := course.assignments.get(one.assignment)) is not None:
            extended = times.setdefault(one.student, Times()).extended
            by = extended_by(declared.late, one)
            extended[one.assignment] = max(extended.get(one.assignment, NONE), by)
    return times


def _submitted(connection: Connection) -> list[Row[Any]]:
    from nbjudge.gradebook.queries import SUBMITTED

    return list(connection.execute(SUBMITTED))


def _own(connection: Connection) -> list[Extension]:
    from sqlalchemy import inspect

    from nbjudge.gradebook.tables import extension as t

    if not inspect(connection).has_table(t.name):
        return []  # an older database, opened for reading
    return [
        Extension(
            row.assignment,
            row.student,
            row.days,
            _aware(row.until),
            row.reason,
            row.granted_by,
            _aware(row.granted_at),
        )
        for row in connection.execute(t.select().order_by(t.c.granted_at, t.c.id))
    ]


def _nbgraders(submitted: Iterable[Row[Any]]) -> list[Extension]:
    return [
        Extension(row.assignment, row.student, row.extension / timedelta(days=1), source="nbgrader")
        for row in submitted
        if row.extension
    ]


def _stored(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
