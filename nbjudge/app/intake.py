"""Taking in what students hand in: one file, with a receipt. `collect` takes in folders and archives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nbjudge.app.late import lateness_by
from nbjudge.app.reading import Reader, Reading
from nbjudge.lateness import Lateness
from nbjudge.model import Course, Language
from nbjudge.notes import Note

if TYPE_CHECKING:
    from nbjudge.intake.hand_in_times import How
    from nbjudge.intake.store import Stored

LatenessBy = Callable[[str, datetime], Lateness]  # a student, a time of handing in
State = Literal["changed", "unchanged", "missing"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a student gets back."""

    student: str
    assignment: str
    sha256: str
    timestamp: datetime  # aware, UTC
    attempt: int
    again: bool  # the same bytes as the current attempt: nothing was stored
    language: Language
    solutions: dict[str, State]  # grade_id of each solution cell, in the release's order
    warnings: tuple[
        Note, ...
    ]  # not a notebook, late, what its text says at once, files that came along, repairs
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
    from nbjudge.intake.notices import notices_of_name
    from nbjudge.intake.store import store_submission
    from nbjudge.notebooks.released_form import load_released_form

    pick_assignment(course, name)
    form = load_released_form(course, name)
    student = _known_student(course, student)
    stored = store_submission(course, name, student, file_name, data, now)
    notes = notices_of_name(file_name)
    with closing(Reader(course, form)) as reader:
        return receipt_of(reader, lateness_by(course, name), stored, reader.read(data), notes)


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
    reader: Reader,
    late: LatenessBy,
    stored: Stored,
    reading: Reading,
    more: tuple[Note, ...] = (),
    file: str = "",
) -> Receipt:
    """The receipt of what was stored; `more` are notes about how it came."""
    program = reading.program
    rejected = (Note("rejected", {"reason": program.rejected}),) if program.rejected else reading.unread
    earlier = (Note("earlier_attempt"),) if stored.earlier else ()
    lateness = warn_of(late(stored.student, stored.timestamp), stored.how)
    return Receipt(
        student=stored.student,
        assignment=stored.assignment,
        sha256=stored.sha256,
        timestamp=stored.timestamp,
        attempt=stored.attempt,
        again=stored.again,
        language=program.language,
        solutions=states_of(reading, reader),
        warnings=(*rejected, *earlier, *lateness, *more, *reading.notices, *program.repairs),
        how=stored.how,
        file=file,
    )


def states_of(reading: Reading, reader: Reader) -> dict[str, State]:
    """What became of each solution cell, in the release's order; nothing of a file that could not be read."""
    if reading.unread:
        return {}
    program = reading.program
    ids = [cell.id for cell in reader.form.cells if cell.role in ("solution", "manual")]
    lost = {*program.missing, *(ids if program.rejected else ())}
    return {
        name: "missing" if name in lost else "unchanged" if name in program.unchanged else "changed"
        for name in ids
    }


def warn_of(late: Lateness, how: How) -> tuple[Note, ...]:
    """A note where lateness costs points, with the student's own deadline, or where nobody knows the time."""
    if how == "unknown":
        return (Note("time_unknown"),) if datetime.now(UTC) > late.deadline else ()
    if late.factor == 0:
        return (Note("too_late", _when(late.last)),)
    return (Note("late", {**_when(late.deadline), "factor": late.factor}),) if late.factor < 1 else ()


def _when(deadline: datetime) -> dict[str, str]:
    return {"when": deadline.isoformat(), "zone": str(deadline.tzinfo)}
