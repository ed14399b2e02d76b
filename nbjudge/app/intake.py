"""Taking in what students hand in: a file, or a folder or archive from an LMS, each with a receipt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nbjudge.app.late import lateness_by
from nbjudge.lateness import Lateness
from nbjudge.model import Course, Language, Note

if TYPE_CHECKING:
    from nbjudge.intake.layouts import HandedIn, Refusal
    from nbjudge.intake.store import Stored
    from nbjudge.notebooks.released_form import ReleasedForm

LatenessBy = Callable[[str, datetime], Lateness]  # a student, a time of handing in
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
    warnings: tuple[Note, ...]  # why it is not a notebook, late, repairs


def submit(
    course: Course, name: str, student: str, file_name: str, data: bytes, now: datetime | None = None
) -> Receipt:
    """Stores one student's file as the current attempt; `now` is aware, by default this machine's clock.

    A file that is not a notebook is stored too and says so on the receipt: its result is zero, with the reason.
    CourseError for a bad student id.
    """
    from nbjudge.course import pick_assignment
    from nbjudge.intake.store import store_submission
    from nbjudge.notebooks.released_form import load_released_form

    pick_assignment(course, name)
    form = load_released_form(course, name)
    stored = store_submission(course, name, student, file_name, data, now)
    return _receipt(course, form, lateness_by(course, name), stored, data)


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
    form, late = load_released_form(course, name), lateness_by(course, name)
    with open_entries(path) as (entries, refused):
        outcomes = [
            found if isinstance(found, Refusal) else _take_in(course, form, late, found, now)
            for found in LAYOUTS[layout](entries, name)
        ]
    refusals = [Refusal(name, reason) for name, reason in refused]
    stored = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    return [*stored, *refusals, *(outcome for outcome in outcomes if isinstance(outcome, Refusal))]


def _take_in(
    course: Course, form: ReleasedForm, late: LatenessBy, found: HandedIn, now: datetime | None
) -> Receipt | Refusal:
    from nbjudge.intake.archive import Unreadable
    from nbjudge.intake.layouts import Refusal
    from nbjudge.intake.store import store_submission

    try:
        data = found.entry.read()
    except Unreadable as error:
        return Refusal(found.entry.name, str(error))
    stored = store_submission(course, form.assignment, found.student, found.entry.name, data, now)
    return _receipt(course, form, late, stored, data)


def _receipt(course: Course, form: ReleasedForm, late: LatenessBy, stored: Stored, data: bytes) -> Receipt:
    from nbjudge.grading.repair import read_program

    program = read_program(data, form, course.languages[0])
    ids = [cell.id for cell in form.cells if cell.role in ("solution", "manual")]
    lost = {*program.missing, *(ids if program.rejected else ())}
    states: dict[str, State] = {
        name: "missing" if name in lost else "unchanged" if name in program.unchanged else "changed"
        for name in ids
    }
    rejected = (Note("rejected", {"reason": program.rejected}),) if program.rejected else ()
    return Receipt(
        student=stored.student,
        assignment=stored.assignment,
        sha256=stored.sha256,
        timestamp=stored.timestamp,
        attempt=stored.attempt,
        again=stored.again,
        language=program.language,
        solutions=states,
        warnings=(*rejected, *_warn_of(late(stored.student, stored.timestamp)), *program.repairs),
    )


def _warn_of(late: Lateness) -> tuple[Note, ...]:
    """A note where lateness costs points, with the student's own deadline."""
    if late.factor == 0:
        return (Note("too_late", _when(late.last)),)
    return (Note("late", {**_when(late.deadline), "factor": late.factor}),) if late.factor < 1 else ()


def _when(deadline: datetime) -> dict[str, str]:
    return {"when": deadline.isoformat(), "zone": str(deadline.tzinfo)}
