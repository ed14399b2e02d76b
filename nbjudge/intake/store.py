"""Stores what students hand in: hashes it, stamps it with our own clock, keeps every attempt.

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
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nbjudge.course import pick_assignment
from nbjudge.errors import CourseError
from nbjudge.intake.student_ids import RULE, is_student_id
from nbjudge.model import Course, Submission

TIMESTAMP = "%Y-%m-%d %H:%M:%S.%f UTC"  # nbgrader.utils.parse_utc reads it back equal


@dataclass(frozen=True, slots=True)
class Stored:
    """One attempt as it was stored."""

    student: str
    assignment: str
    sha256: str  # of the file's bytes
    timestamp: datetime  # aware, UTC; of the first time that these bytes were the current attempt
    attempt: int  # from 1
    again: bool  # the same bytes as the current attempt: nothing was stored


def store_submission(
    course: Course, assignment: str, student: str, name: str, data: bytes, now: datetime | None = None
) -> Stored:
    """Makes `data`, handed in as a file called `name`, the student's current attempt.

    `now` is aware, by default this machine's clock. A file that is not a notebook is stored too. CourseError for a bad
    student id.
    """
    pick_assignment(course, assignment)
    if not is_student_id(student):
        raise CourseError(f"student id {student!r}: {RULE}")
    with _lock(course):
        return _store(course, assignment, student, name, data, now or datetime.now(UTC))


def read_submissions(
    course: Course, assignment: str, students: Iterable[str] | None = None
) -> list[Submission]:
    """The current attempt of every student, or of the ones named; CourseError if one of these has not handed in."""
    pick_assignment(course, assignment)
    found = _read_current(course, assignment) if course.gradebook.is_dir() else {}
    if students is None:
        return list(found.values())
    for student in students:
        if student not in found:
            raise CourseError(f"{student!r} has no submission of {assignment!r}: `nbjudge submit` it first")
    return [found[student] for student in dict.fromkeys(students)]


def _read_current(course: Course, assignment: str) -> dict[str, Submission]:
    with _lock(course):
        return {
            folder.name: _read_submission(folder / assignment, assignment)
            for folder in sorted(_submitted(course).iterdir() if _submitted(course).is_dir() else ())
            if is_student_id(folder.name) and (folder / assignment / f"{assignment}.ipynb").is_file()
        }


def format_timestamp(moment: datetime) -> str:
    """The text of timestamp.txt, in UTC, as nbgrader writes and reads it."""
    return moment.astimezone(UTC).strftime(TIMESTAMP)


def parse_timestamp(text: str) -> datetime:
    """The aware time of a timestamp.txt, in whichever zone nbgrader wrote it; ValueError for any other text."""
    parts = text.strip().rsplit(" ", 1)
    moment = datetime.fromisoformat(
        parts[0] if parts[-1] in ("UTC", "GMT") else text.strip().replace(" +", "+")
    )
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


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


def _store(course: Course, assignment: str, student: str, name: str, data: bytes, now: datetime) -> Stored:
    digest = hashlib.sha256(data).hexdigest()
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
    return Stored(student, assignment, digest, moment, number, again)


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
