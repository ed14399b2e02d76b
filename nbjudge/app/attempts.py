"""Which of a student's attempts counts: the last, the last in time, or the best.

For the best, every attempt is graded, and each result is kept: gradebook/results/<student>/<assignment>.attempts/<key>.json.
A moved deadline or an extension may make another attempt the best one; that, too, runs nobody's code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbjudge.app.opened import OpenedAssignment
from nbjudge.errors import CourseError
from nbjudge.lateness import Lateness, is_over
from nbjudge.model import Course, Result, Score, Submission


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, and the key that its result must have to hold today."""

    submission: Submission
    key: str


def last_in_time(
    course: Course,
    name: str,
    submissions: Sequence[Submission],
    lateness: Callable[[str, datetime], Lateness],
) -> list[Submission]:
    """In the place of each current attempt the last one before the student's deadline, if there is one."""
    from nbjudge.intake.attempts import read_attempts

    attempts = read_attempts(course, name, {one.student for one in submissions})

    def in_time(one: Submission) -> bool:
        late = lateness(one.student, one.timestamp)
        return late.graced or not is_over(late.deadline, one.timestamp)

    return [next(filter(in_time, reversed(attempts[one.student])), one) for one in submissions]


def kept_result(course: Course, attempt: Attempt) -> Result | None:
    """The result of an attempt, if it was graded as it would be graded today."""
    from nbjudge.results import load_result

    path = _path(course, attempt.submission, attempt.key)
    try:
        return load_result(path.read_bytes()) if path.is_file() else None
    except CourseError:  # of an older version
        return None


def keep_result(course: Course, submission: Submission, result: Result) -> None:
    """Keeps the result of one attempt, whichever counts in the end."""
    from nbjudge.files import write_atomically
    from nbjudge.results import dump_result

    write_atomically(_path(course, submission, result.key), dump_result(result), mode=0o600)


def best(
    opened: OpenedAssignment,
    attempts: Sequence[Attempt],
    lateness: Callable[[str, datetime], Lateness],
) -> tuple[Submission, Result, Score] | None:
    """The attempt with the most points of the judge after the late penalty, the later of equal ones; None: none is graded."""
    from nbjudge.scoring import rounded, score

    chosen: tuple[Submission, Result, Score] | None = None
    for attempt in attempts:
        result = kept_result(opened.course, attempt)
        if result is not None:
            late = lateness(attempt.submission.student, attempt.submission.timestamp)
            points = score(opened.declared, opened.exercises, result, late)
            if chosen is None or rounded(points.final) >= rounded(chosen[2].final):
                chosen = attempt.submission, result, points
    return chosen


def _path(course: Course, submission: Submission, key: str) -> Path:
    folder = course.gradebook / "results" / submission.student / f"{submission.assignment}.attempts"
    return folder / f"{key}.json"
