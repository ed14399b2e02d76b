"""Taking in what students hand in: a file, or a folder or archive from an LMS, each with a receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nbjudge.model import Course, Language, Note

if TYPE_CHECKING:
    from nbjudge.intake.layouts import HandedIn, Refusal
    from nbjudge.intake.store import Stored
    from nbjudge.notebooks.released_form import ReleasedForm

State = Literal["changed", "unchanged", "missing"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was stored of one submission, and what was found in it."""

    student: str
    assignment: str
    sha256: str  # of the file's bytes
    timestamp: datetime  # aware, UTC; of the first time that these bytes were the current attempt
    attempt: int  # from 1
    again: bool  # the same bytes as the current attempt: nothing was stored
    language: Language
    solutions: dict[str, State]  # grade_id of each solution cell, in the release's order
    warnings: tuple[Note, ...]  # why it is not a notebook, late, what its text says at once, repairs


def submit(
    course: Course, name: str, student: str, file_name: str, data: bytes, now: datetime | None = None
) -> Receipt:
    """Stores one student's file as the current attempt; `now` is aware, by default this machine's clock.

    A file that is not a notebook is stored too and says so on the receipt: its result is zero, with the reason.
    CourseError for a bad student id.
    """
    from nbjudge.course import pick_assignment
    from nbjudge.intake.notices import notices_of_name
    from nbjudge.intake.store import store_submission
    from nbjudge.notebooks.released_form import load_released_form

    pick_assignment(course, name)
    form = load_released_form(course, name)
    stored = store_submission(course, name, student, file_name, data, now)
    return _receipt(course, form, stored, data, notices_of_name(file_name))


def submit_file(course: Course, name: str, student: str, path: Path, now: datetime | None = None) -> Receipt:
    """`submit` with the bytes of a plain file; CourseError also if it can't be read."""
    from nbjudge.course import pick_assignment
    from nbjudge.intake.archive import read_file

    pick_assignment(course, name)
    return submit(course, name, student, path.name, read_file(path), now)


def collect(
    course: Course, name: str, path: Path, *, layout: str = "by-student", now: datetime | None = None
) -> list[Receipt | Refusal]:
    """Stores every submission of a folder, zip or tar archive, in the layout's order; refusals come last.

    CourseError if the folder or archive itself can't be read.
    """
    from nbjudge.course import pick_assignment
    from nbjudge.intake.archive import open_entries
    from nbjudge.intake.layouts import LAYOUTS, Refusal
    from nbjudge.notebooks.released_form import load_released_form

    pick_assignment(course, name)
    form = load_released_form(course, name)
    with open_entries(path) as (entries, refused):
        outcomes = [
            found if isinstance(found, Refusal) else _take_in(course, form, found, now)
            for found in LAYOUTS[layout](entries, name)
        ]
    refusals = [Refusal(name, reason) for name, reason in refused]
    stored = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    return [*stored, *refusals, *(outcome for outcome in outcomes if isinstance(outcome, Refusal))]


def _take_in(course: Course, form: ReleasedForm, found: HandedIn, now: datetime | None) -> Receipt | Refusal:
    from nbjudge.intake.archive import Unreadable
    from nbjudge.intake.layouts import Refusal
    from nbjudge.intake.store import store_submission

    try:
        data = found.entry.read()
    except Unreadable as error:
        return Refusal(found.entry.name, str(error))
    stored = store_submission(course, form.assignment, found.student, found.entry.name, data, now)
    return _receipt(course, form, stored, data)


def _receipt(
    course: Course, form: ReleasedForm, stored: Stored, data: bytes, more: tuple[Note, ...] = ()
) -> Receipt:
    from nbjudge.grading.repair import read_program
    from nbjudge.intake.notices import notices_of, place_of

    program = read_program(data, form, course.languages[0])
    ids = [cell.id for cell in form.cells if cell.role in ("solution", "manual")]
    lost = {*program.missing, *(ids if program.rejected else ())}
    states: dict[str, State] = {
        name: "missing" if name in lost else "unchanged" if name in program.unchanged else "changed"
        for name in ids
    }
    rejected = (Note("rejected", {"reason": program.rejected}),) if program.rejected else ()
    notices = notices_of(program, place_of(course, form.assignment))
    automatic = {cell.id for cell in form.cells if cell.role == "solution"}
    if program.rejected is None and automatic <= {*program.missing}:
        notices = (*notices, *_another_assignment(course, form, data))
    return Receipt(
        student=stored.student,
        assignment=stored.assignment,
        sha256=stored.sha256,
        timestamp=stored.timestamp,
        attempt=stored.attempt,
        again=stored.again,
        language=program.language,
        solutions=states,
        warnings=(
            *rejected,
            *_lateness(course, stored.assignment, stored.timestamp),
            *more,
            *notices,
            *program.repairs,
        ),
    )


def _another_assignment(course: Course, form: ReleasedForm, data: bytes) -> tuple[Note, ...]:
    """What a notebook without any cell of this assignment may be, if nothing in it says so."""
    from nbjudge.errors import CourseError
    from nbjudge.grading.repair import read_program
    from nbjudge.notebooks.released_form import load_released_form

    for other in sorted(form.others):
        try:
            program = read_program(data, load_released_form(course, other), course.languages[0])
        except CourseError:  # not released yet
            continue
        found = program.found.keys() - {*program.missing}
        if program.rejected is None and 2 * len(program.missing) < len(found):
            return (Note("like_another_assignment", {"assignment": other}),)
    return ()


def _lateness(course: Course, assignment: str, moment: datetime) -> tuple[Note, ...]:
    declared = course.assignments[assignment]
    if moment > declared.hard_deadline:
        return (Note("too_late", _when(declared.hard_deadline)),)
    if moment > declared.soft_deadline:
        return (Note("late", {**_when(declared.soft_deadline), "factor": declared.late_factor}),)
    return ()


def _when(deadline: datetime) -> dict[str, str]:
    return {"when": deadline.isoformat(), "zone": str(deadline.tzinfo)}
