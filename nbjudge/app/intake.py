"""Taking in one student's file, with a receipt; `collect` is for a folder or archive from an LMS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nbjudge.model import Course, Language, Note

if TYPE_CHECKING:
    from nbjudge.intake.hand_in_times import HandInTime, How
    from nbjudge.intake.store import Stored
    from nbjudge.model import Program
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
    warnings: tuple[Note, ...]  # why it is not a notebook, late, repairs, files that came along
    how: How = "clock"  # the time is known
    file: str = ""  # what it is called in the folder or archive that it was collected from


def submit(
    course: Course, name: str, student: str, file_name: str, data: bytes, now: datetime | None = None
) -> Receipt:
    """Stores one student's file as the current attempt; `now` is aware, by default this machine's clock.

    A file that is not a notebook is stored too and says so on the receipt: its result is zero, with the reason.
    CourseError for a bad student id, or one that is not in the roster.
    """
    from nbjudge.course import pick_assignment
    from nbjudge.grading.repair import read_program
    from nbjudge.intake.store import store_submission
    from nbjudge.notebooks.released_form import load_released_form

    pick_assignment(course, name)
    form = load_released_form(course, name)
    stored = store_submission(course, name, _known_student(course, student), file_name, data, now)
    return receipt_of(course, form, stored, read_program(data, form, course.languages[0]))


def submit_file(course: Course, name: str, student: str, path: Path, now: datetime | None = None) -> Receipt:
    """`submit` with the bytes of a plain file; CourseError also if it can't be read."""
    from nbjudge.course import pick_assignment
    from nbjudge.intake.archive import read_file

    pick_assignment(course, name)
    return submit(course, name, student, path.name, read_file(path), now)


def _known_student(course: Course, student: str) -> str:
    """The id as the roster or an earlier submission spells it."""
    from nbjudge.errors import CourseError
    from nbjudge.intake.people import Question, know, one_called
    from nbjudge.intake.store import present_students
    from nbjudge.roster import read_roster

    found = one_called(student, know(read_roster(course), present_students(course)))
    if isinstance(found, Question):
        near = f" (near: {', '.join(found.candidates)})" if found.candidates else ""
        raise CourseError(f"{found.reason}{near}")
    return found


def receipt_of(
    course: Course,
    form: ReleasedForm,
    stored: Stored,
    program: Program,
    more: tuple[Note, ...] = (),
    file: str = "",
) -> Receipt:
    """The receipt of what was stored; `more` are notes about how it came."""
    from nbjudge.intake.hand_in_times import HandInTime

    rejected = (Note("rejected", {"reason": program.rejected}),) if program.rejected else ()
    earlier = (Note("earlier_attempt"),) if stored.earlier else ()
    late = lateness(course, stored.assignment, HandInTime(stored.timestamp, stored.how))
    return Receipt(
        student=stored.student,
        assignment=stored.assignment,
        sha256=stored.sha256,
        timestamp=stored.timestamp,
        attempt=stored.attempt,
        again=stored.again,
        language=program.language,
        solutions=states_of(program, form),
        warnings=(*rejected, *earlier, *late, *more, *program.repairs),
        how=stored.how,
        file=file,
    )


def states_of(program: Program, form: ReleasedForm) -> dict[str, State]:
    """What became of each solution cell, in the release's order."""
    ids = [cell.id for cell in form.cells if cell.role in ("solution", "manual")]
    lost = {*program.missing, *(ids if program.rejected else ())}
    return {
        name: "missing" if name in lost else "unchanged" if name in program.unchanged else "changed"
        for name in ids
    }


def lateness(course: Course, assignment: str, time: HandInTime) -> tuple[Note, ...]:
    """What the deadlines make of a time; nothing of one that nobody knows."""
    declared = course.assignments[assignment]
    moment, how = time
    if how == "unknown":
        return (Note("time_unknown"),) if datetime.now(UTC) > declared.soft_deadline else ()
    if moment > declared.hard_deadline:
        return (Note("too_late", _when(declared.hard_deadline)),)
    if moment > declared.soft_deadline:
        return (Note("late", {**_when(declared.soft_deadline), "factor": declared.late_factor}),)
    return ()


def _when(deadline: datetime) -> dict[str, str]:
    return {"when": deadline.isoformat(timespec="minutes"), "zone": str(deadline.tzinfo)}
