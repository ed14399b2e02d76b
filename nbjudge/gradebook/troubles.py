"""Submissions that could not be graded: a table beside nbgrader's, so that `nbjudge status` knows of them the next day.

A row is about one file of one student. It goes when that submission is recorded (`book.record`), and when grading
begins for another attempt.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nbjudge.gradebook.opening import Gradebook
from nbjudge.model import StoredTrouble, Submission, TroubleKind

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


def record_trouble(
    book: Gradebook, submission: Submission, kind: TroubleKind, message: str, now: datetime | None = None
) -> None:
    """Remembers that grading this submission ended in trouble, once more or for the first time.

    `now` is aware, by default this machine's clock.
    """
    from nbjudge.gradebook.tables import trouble as t

    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    with book.engine.begin() as connection:
        before = connection.execute(t.select().where(_of(submission))).first()
        same = before is not None and before.sha256 == submission.sha256
        connection.execute(t.delete().where(_of(submission)))
        connection.execute(
            t.insert().values(
                assignment=submission.assignment,
                student=submission.student,
                sha256=submission.sha256,
                kind=kind,
                message=message.replace("\0", "\\0"),  # PostgreSQL stores no NUL
                since=before.since if before is not None and same else moment,
                last=moment,
                tries=before.tries + 1 if before is not None and same else 1,
            )
        )


def read_troubles(book: Gradebook, assignment: str) -> list[StoredTrouble]:
    """Every stored trouble of `assignment`, by student; those of earlier attempts, too."""
    from sqlalchemy import inspect

    from nbjudge.gradebook.tables import trouble as t

    with book.engine.connect() as connection:
        if not inspect(connection).has_table(t.name):
            return []  # an older database, opened for reading
        rows = connection.execute(t.select().where(t.c.assignment == assignment).order_by(t.c.student)).all()
    return [
        StoredTrouble(
            student=row.student,
            assignment=row.assignment,
            sha256=row.sha256,
            kind=row.kind,
            message=row.message,
            since=row.since.replace(tzinfo=UTC),
            last=row.last.replace(tzinfo=UTC),
            tries=row.tries,
        )
        for row in rows
    ]


def forget_troubles(book: Gradebook, submissions: Iterable[Submission]) -> None:
    """Removes what is stored of earlier attempts, given the current ones."""
    from nbjudge.gradebook.tables import trouble as t

    with book.engine.begin() as connection:
        stored = {(row.assignment, row.student): row.sha256 for row in connection.execute(t.select())}
        for submission in submissions:
            known = stored.get((submission.assignment, submission.student))
            if known is not None and known != submission.sha256:
                connection.execute(t.delete().where(_of(submission)))


def _of(submission: Submission) -> ColumnElement[bool]:
    from nbjudge.gradebook.tables import trouble as t

    return (t.c.assignment == submission.assignment) & (t.c.student == submission.student)
