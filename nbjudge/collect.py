"""Files, folders and archives -> Submission: validates, hashes, timestamps and stores what students hand in.

    gradebook/submitted/<student>/<assignment>/   the current attempt, laid out as nbgrader lays it out
    gradebook/attempts/<student>/<assignment>/    earlier ones
    gradebook/incoming/<student>/<assignment>/    an attempt on its way; whoever comes next finishes the move

A kill at any moment loses nothing: an attempt is complete before it gets its name, and a move that was cut short is
finished by the next command that reads or writes submissions.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from nbjudge.archive import Entry, Unreadable, open_entries, read_file
from nbjudge.course import pick_assignment
from nbjudge.errors import CourseError
from nbjudge.model import Course, Language, Submission
from nbjudge.notebook import NotANotebook, read_notebook
from nbjudge.repair import rejected_program, repair
from nbjudge.template import Template, load_template

STUDENT = re.compile(r"(?!\.)[A-Za-z0-9._@+-]{1,64}")
COPY_SUFFIX = re.compile(r" ?\(\d+\)$")
TIMESTAMP = "%Y-%m-%d %H:%M:%S.%f UTC"  # nbgrader.utils.parse_utc reads it back equal
NAME_RULE = "use 1-64 letters, digits and . _ @ + - and no leading dot"

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
    warnings: tuple[str, ...]  # why it is no notebook, late, repairs


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file of a collected folder or archive that was not stored."""

    name: str  # as it is called there
    reason: str


def submit_file(
    course: Course, assignment: str, student: str, path: Path, now: datetime | None = None
) -> Receipt:
    """Stores one student's file as the current attempt; `now` is aware, by default this machine's clock.

    A file that is no notebook is stored too and says so on the receipt: its result is zero, with the reason.
    CourseError for a bad student id or a file that can't be read.
    """
    pick_assignment(course, assignment)
    template = load_template(course, assignment)
    if not STUDENT.fullmatch(student):
        raise CourseError(f"student id {student!r}: {NAME_RULE}")
    data = read_file(path)
    with _lock(course):
        return _store(course, template, student, path.name, data, now or datetime.now(UTC))


def collect_folder(
    course: Course, assignment: str, path: Path, now: datetime | None = None
) -> list[Receipt | Refusal]:
    """Stores every submission of a folder, zip or tar archive, sorted by student; refusals come last.

    Understands `<student>.ipynb`, `<student>/*.ipynb` and one folder around all of them. CourseError if
    the folder or archive itself can't be read.
    """
    pick_assignment(course, assignment)
    template = load_template(course, assignment)
    stored: list[Receipt | Refusal] = []
    with open_entries(path) as (entries, refused), _lock(course):
        for student, files in sorted(_by_student(entries, assignment).items()):
            try:
                chosen = _pick(student, files, assignment)
                data = chosen.read()
            except Unreadable as error:
                refused.append((files[0].name, str(error)))
                continue
            moment = now or datetime.now(UTC)
            stored.append(_store(course, template, student, chosen.name, data, moment))
    return [*stored, *(Refusal(name, reason) for name, reason in refused)]


def read_submissions(
    course: Course, assignment: str, students: Iterable[str] | None = None
) -> list[Submission]:
    """The current attempt of every student, or of the ones named; CourseError if one of these has none."""
    pick_assignment(course, assignment)
    with _lock(course):
        found = {
            folder.name: _read_submission(folder / assignment, assignment)
            for folder in sorted(_submitted(course).iterdir() if _submitted(course).is_dir() else ())
            if STUDENT.fullmatch(folder.name) and (folder / assignment / f"{assignment}.ipynb").is_file()
        }
    if students is None:
        return list(found.values())
    for student in students:
        if student not in found:
            raise CourseError(f"{student!r} has no submission of {assignment!r}: `nbjudge submit` it first")
    return [found[student] for student in dict.fromkeys(students)]


def format_timestamp(moment: datetime) -> str:
    """The text of timestamp.txt, in UTC, as nbgrader writes and reads it."""
    return moment.astimezone(UTC).strftime(TIMESTAMP)


def parse_timestamp(text: str) -> datetime:
    """The aware time of a timestamp.txt, whichever zone nbgrader wrote it in; ValueError if it is none."""
    parts = text.strip().rsplit(" ", 1)
    moment = datetime.fromisoformat(
        parts[0] if parts[-1] in ("UTC", "GMT") else text.strip().replace(" +", "+")
    )
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


# Storing


def _submitted(course: Course) -> Path:
    return course.gradebook / "submitted"


@contextlib.contextmanager
def _lock(course: Course) -> Iterator[None]:
    """One process at a time; finishes first what a killed one left half done."""
    course.gradebook.mkdir(parents=True, exist_ok=True)
    with (course.gradebook / ".submissions.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        incoming = course.gradebook / "incoming"
        for folder in sorted(incoming.glob("*/*")) if incoming.is_dir() else ():
            _finish(course, folder.parent.name, folder.name)
        yield


def _store(
    course: Course, template: Template, student: str, name: str, data: bytes, now: datetime
) -> Receipt:
    assignment, digest = template.assignment, hashlib.sha256(data).hexdigest()
    current = _submitted(course) / student / assignment
    attempts = course.gradebook / "attempts" / student / assignment
    number = 1 + (len(list(attempts.iterdir())) if attempts.is_dir() else 0)
    stored = _read_submission(current, assignment) if current.is_dir() else None
    again = stored is not None and stored.sha256 == digest
    if stored is not None and again:
        moment = stored.timestamp
    else:
        moment = now.astimezone(UTC)
        number += stored is not None
        record = {
            "schema": "nbjudge.submission/1",
            "assignment": assignment,
            "student": student,
            "original_name": name,
            "sha256": digest,
            "timestamp": moment.isoformat(),
            "attempt": number,
        }
        files = {
            f"{assignment}.ipynb": data,
            "timestamp.txt": format_timestamp(moment).encode(),
            "submission_secret.txt": secrets.token_hex(64).encode(),
            "submission.json": (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode(),
        }
        _place(course, student, assignment, files)
    return _receipt(course, template, student, digest, moment, number, again, data)


def _place(course: Course, student: str, assignment: str, files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=course.gradebook) as temporary:
        new = Path(temporary, "new")
        new.mkdir()
        for name, data in files.items():
            (new / name).write_bytes(data)
        incoming = course.gradebook / "incoming" / student
        incoming.mkdir(parents=True, exist_ok=True)
        new.rename(incoming / assignment)
    _finish(course, student, assignment)


def _finish(course: Course, student: str, assignment: str) -> None:
    """Moves the current attempt to the earlier ones and the incoming one into its place; safe to repeat."""
    current = _submitted(course) / student / assignment
    if current.is_dir():
        old = _read_submission(current, assignment)
        stamp = old.timestamp.strftime("%Y%m%dT%H%M%S.%fZ")
        earlier = course.gradebook / "attempts" / student / assignment / f"{stamp}-{old.sha256[:8]}"
        earlier.parent.mkdir(parents=True, exist_ok=True)
        if earlier.exists():
            shutil.rmtree(current)
        else:
            current.rename(earlier)
    current.parent.mkdir(parents=True, exist_ok=True)
    incoming = course.gradebook / "incoming" / student
    (incoming / assignment).rename(current)
    with contextlib.suppress(OSError):  # not empty: another assignment is on its way
        incoming.rmdir()


def _read_submission(folder: Path, assignment: str) -> Submission:
    path = folder / f"{assignment}.ipynb"
    data = path.read_bytes() if path.is_file() else b""
    try:
        moment = parse_timestamp((folder / "timestamp.txt").read_text())
    except (OSError, ValueError):  # put there by hand
        moment = datetime.fromtimestamp(os.stat(folder).st_mtime, UTC)
    return Submission(assignment, folder.parent.name, path, moment, hashlib.sha256(data).hexdigest())


def _receipt(
    course: Course,
    template: Template,
    student: str,
    digest: str,
    moment: datetime,
    attempt: int,
    again: bool,
    data: bytes,
) -> Receipt:
    try:
        program = repair(read_notebook(data), template)
    except NotANotebook as error:
        program = rejected_program(str(error))
    ids = [slot.id for slot in template.slots if slot.role in ("solution", "manual")]
    lost = {*program.missing, *(ids if program.rejected else ())}
    states: dict[str, State] = {
        name: "missing" if name in lost else "unchanged" if name in program.unchanged else "changed"
        for name in ids
    }
    rejected = (
        (f"This is not a notebook that can be graded: {program.rejected}.",) if program.rejected else ()
    )
    return Receipt(
        student=student,
        assignment=template.assignment,
        sha256=digest,
        timestamp=moment,
        attempt=attempt,
        again=again,
        language=program.language,
        solutions=states,
        warnings=(*rejected, *_lateness(course, template.assignment, moment), *program.repairs),
    )


def _lateness(course: Course, assignment: str, moment: datetime) -> tuple[str, ...]:
    declared = course.assignments[assignment]
    if moment > declared.hard_deadline:
        return (
            f"Handed in after the hard deadline ({declared.hard_deadline:%Y-%m-%d %H:%M %Z}): no points.",
        )
    if moment > declared.soft_deadline:
        when = f"{declared.soft_deadline:%Y-%m-%d %H:%M %Z}"
        return (f"Handed in after the deadline ({when}): points count {declared.late_factor:g} times.",)
    return ()


# Whose file is it


def _by_student(entries: list[Entry], assignment: str) -> dict[str, list[Entry]]:
    """Entries by student: the folder's name, or the file's own at top level, without " (1)"."""
    grouped: dict[str, list[Entry]] = {}
    outer = _outer_folders(entries, assignment)
    for entry in entries:
        first = entry.parts[outer]
        if len(entry.parts) == outer + 1:
            first = COPY_SUFFIX.sub("", first.rpartition(".")[0] or first)
        grouped.setdefault(first, []).append(entry)
    return grouped


def _outer_folders(entries: list[Entry], assignment: str) -> int:
    """How many folders stand around all submissions: 1 for `hand-in/ivanov.ipynb, hand-in/petrov/intro.ipynb`, else 0.

    A lone folder of notebooks, none of which is named like the assignment, holds one notebook per student; a
    single file in a single folder belongs to the student whom the folder names.
    """
    if len({entry.parts[0] for entry in entries}) != 1 or any(len(entry.parts) < 2 for entry in entries):
        return 0
    if all(len(entry.parts) > 2 for entry in entries):
        return 1
    named = any(_is_named(entry, assignment) for entry in entries if len(entry.parts) == 2)
    return 0 if named or len(entries) == 1 else 1


def _pick(student: str, files: list[Entry], assignment: str) -> Entry:
    """The one notebook that counts: the only one, else the one named like the assignment. Unreadable otherwise."""
    if not STUDENT.fullmatch(student):
        raise Unreadable(f"{student!r} is no student id: {NAME_RULE}")
    notebooks = [entry for entry in files if entry.name.lower().endswith(".ipynb")]
    if not notebooks:
        raise Unreadable("not an .ipynb file")
    exact = [entry for entry in notebooks if entry.parts[-1] == f"{assignment}.ipynb"]
    alike = [entry for entry in notebooks if _is_named(entry, assignment)]
    for candidates in (notebooks, exact, alike):
        if len(candidates) == 1:
            return candidates[0]
    names = ", ".join(entry.name for entry in notebooks[:5])
    raise Unreadable(f"{len(notebooks)} notebooks of {student} ({names}): keep one of them")


def _is_named(entry: Entry, assignment: str) -> bool:
    pattern = rf"{re.escape(assignment)}(\.\w\w)?([ _-]*\(?\d+\)?)?\.ipynb"
    return re.fullmatch(pattern, entry.parts[-1], re.IGNORECASE) is not None
