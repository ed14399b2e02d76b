"""Extensions, and the lateness of what is handed in."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from nbjudge.course import parse_time, pick_assignment
from nbjudge.errors import CourseError
from nbjudge.lateness import DAY, NONE, Extension, Lateness, extended_by, lateness, lateness_of_all
from nbjudge.model import Course, GradeRow

if TYPE_CHECKING:
    from nbjudge.gradebook import Times

LONGEST = 3650  # days; more is a mistyped year


@dataclass(frozen=True, slots=True)
class Granted:
    """What an extension does for one student."""

    student: str
    before: datetime  # the student's deadline until now, aware
    after: datetime
    final_before: float | None  # points; None: nothing is graded yet
    final_after: float | None
    known: bool  # whether the course has heard of the student


def extend(
    course: Course,
    name: str,
    students: Sequence[str] = (),
    groups: Sequence[str] = (),
    *,
    days: float | None = None,
    until: str | None = None,
    reason: str,
    by: str | None = None,
    dry_run: bool = False,
) -> list[Granted]:
    """Moves the deadlines of `name` for these students, and for those who are in these groups now; scores follow at once.

    Both deadlines move by `days`, or by as much as the soft one must to become `until` (course time). The newest
    extension of a student counts; 0 days take it back. `by`: who grants it, by default who runs this. CourseError for
    an unknown assignment, group or time, and for a student who is nearly called like one that there is.
    """
    from nbjudge.gradebook import grant, open_gradebook, read_gradebook, read_grades, read_times

    declared = pick_assignment(course, name)
    if (days is None) == (until is None):
        raise CourseError("how long? Say either --days or --until")
    if not reason.strip():
        raise CourseError("why? An extension needs a --reason: whoever asks next year will be glad of it")
    zone = declared.late.soft.tzinfo
    moment = parse_time(until, zone, "--until") if until is not None else None
    if (days is not None and not 0 <= days <= LONGEST) or (
        moment is not None and not declared.late.soft <= moment <= declared.late.soft + LONGEST * DAY
    ):
        raise CourseError(
            f"{name} is due at {declared.late.soft:%Y-%m-%d %H:%M}: an extension lasts from 0 to {LONGEST} days"
        )
    author, now = (by or _whoever_runs_this())[:128], datetime.now(UTC)
    known, chosen = _choose(course, students, groups)
    extensions = [Extension(name, one, days, moment, reason.strip(), author, now) for one in chosen]
    with read_gradebook(course) as read:
        times = read_times(read) if read else {}
        rows = {row.student: row for row in read_grades(read, name)} if read else {}
    done = [_granted(course, one, times, rows, one.student in known) for one in extensions]
    if not dry_run:
        with open_gradebook(course) as book:
            grant(book, extensions)
    return done


def _whoever_runs_this() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return f"uid {os.getuid()}"


def extensions(course: Course, name: str | None = None) -> list[tuple[Extension, bool]]:
    """Every extension of one assignment or of all, oldest first, and whether it counts: the newest of a student does."""
    from nbjudge.gradebook import read_extensions, read_gradebook

    if name is not None:
        pick_assignment(course, name)
    with read_gradebook(course) as book:
        found = read_extensions(book) if book else []
    newest = {(one.assignment, one.student, one.source): one for one in found}
    return [
        (one, newest[one.assignment, one.student, one.source] is one)
        for one in found
        if name in (None, one.assignment)
    ]


def lateness_by(course: Course, name: str) -> Callable[[str, datetime], Lateness]:
    """A function from a student and a time of handing in `name` to the lateness of that; asks the gradebook only if late."""
    from nbjudge.gradebook import Times, read_gradebook, read_times

    declared = pick_assignment(course, name)
    policies = {each.name: each.late for each in course.assignments.values()}

    @cache
    def times() -> dict[str, Times]:
        with read_gradebook(course) as book:
            return read_times(book) if book else {}

    def of(student: str, moment: datetime) -> Lateness:
        plain = lateness(declared.late, moment)
        if not plain.late:
            return plain
        mine = times().get(student, Times())
        return lateness_of_all(policies, {**mine.handed_in, name: moment}, mine.extended, course.late_days)[
            name
        ]

    return of


def _choose(
    course: Course, students: Sequence[str], groups: Sequence[str]
) -> tuple[set[str], tuple[str, ...]]:
    """The ids that the course knows, and the ones that are meant, each once."""
    from difflib import get_close_matches

    from nbjudge.app.roster import students_of
    from nbjudge.roster import groups_of
    from nbjudge.student_ids import RULE, is_student_id

    people = students_of(course)
    known = {one.id for one in people}
    for student in students:
        if not is_student_id(student):
            raise CourseError(f"student id {student!r}: {RULE}")
        nearest = get_close_matches(student, known, 1, 0.75)
        if student not in known and nearest:
            raise CourseError(f"no student {student!r}; did you mean {nearest[0]!r}?")
    chosen = list(students)
    for group in groups:
        members = [one.id for one in people if group in groups_of(one)]
        if not members:
            there = ", ".join(sorted({each for one in people for each in groups_of(one)})) or "none"
            raise CourseError(f"no student is in a group {group!r}; there is: {there}")
        chosen += members
    if not chosen:
        raise CourseError("who gets it? Name students, or a group with --group")
    return known, tuple(dict.fromkeys(chosen))


def _granted(
    course: Course, one: Extension, times: dict[str, Times], rows: dict[str, GradeRow], known: bool
) -> Granted:
    from nbjudge.gradebook import Times
    from nbjudge.scoring import rounded

    policy = course.assignments[one.assignment].late
    mine, row = times.get(one.student, Times()), rows.get(one.student)
    after: timedelta = extended_by(policy, one)
    final = None
    if row is not None and one.assignment in mine.handed_in:
        policies = {name: declared.late for name, declared in course.assignments.items()}
        extended = {**mine.extended, one.assignment: after}
        late = lateness_of_all(policies, mine.handed_in, extended, course.late_days)[one.assignment]
        final = rounded(row.score * late.factor)
    return Granted(
        one.student,
        policy.soft + mine.extended.get(one.assignment, NONE),
        policy.soft + after,
        row.final if row else None,
        final,
        known,
    )
