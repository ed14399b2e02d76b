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
import fnmatch
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from nbjudge.course import pick_assignment
from nbjudge.errors import CourseError
from nbjudge.files import is_litter, write_atomically
from nbjudge.intake.hand_in_times import BELIEF, HandInTime, How
from nbjudge.intake.moments import parse_moment
from nbjudge.model import Assignment, Course, Submission
from nbjudge.student_ids import RULE, canonical, is_student_id

TIMESTAMP = "%Y-%m-%d %H:%M:%S.%f UTC"  # nbgrader.utils.parse_utc reads it back equal
OURS = ("timestamp.txt", "submission_secret.txt", "submission.json")  # no student's file may be called so


@dataclass(frozen=True, slots=True)
class Stored:
    """One attempt as it was stored."""

    student: str
    assignment: str
    sha256: str  # of the file's bytes
    timestamp: datetime  # aware, UTC
    attempt: int  # from 1
    again: bool  # the same bytes as the current attempt: nothing was stored
    how: How = "clock"  # the time is known
    earlier: bool = False  # handed in before the current attempt, which stays


def store_submission(
    course: Course,
    assignment: str,
    student: str,
    name: str,
    data: bytes,
    now: datetime | None = None,
    *,
    time: HandInTime | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> Stored:
    """Makes `data`, handed in as a file called `name`, the student's current attempt, unless it is older than that.

    `now` is aware, by default this machine's clock, and when it was handed in unless `time` says. `extra` are the
    declared files beside it. A file that is not a notebook is stored too. CourseError for a bad student id.
    """
    pick_assignment(course, assignment)
    student = canonical(student)
    if not is_student_id(student):
        raise CourseError(f"student id {student!r}: {RULE}")
    now = now or datetime.now(UTC)
    with _lock(course):
        return _store(
            course, assignment, student, name, data, time or HandInTime(now, "clock"), now, extra or {}
        )


def preview(course: Course, assignment: str, student: str, data: bytes, time: HandInTime) -> Stored:
    """What `store_submission` would answer, roughly; stores nothing."""
    digest = hashlib.sha256(data).hexdigest()
    current = _submitted(course) / student / assignment
    attempts = course.gradebook / "attempts" / student / assignment
    number = 1 + (len(list(attempts.iterdir())) if attempts.is_dir() else 0)
    old = _Attempt.read(current, assignment, course.zone) if current.is_dir() else None
    again = old is not None and old.sha256 == digest
    earlier = (
        old is not None and not again and "unknown" not in (time.how, old.how) and time.moment < old.moment
    )
    number += old is not None and not again and not earlier
    return Stored(student, assignment, digest, time.moment.astimezone(UTC), number, again, time.how, earlier)


def present_students(course: Course, assignment: str | None = None) -> frozenset[str]:
    """Ids of all who handed in anything, or something for one assignment."""
    top = _submitted(course)
    if not top.is_dir():
        return frozenset()
    return frozenset(
        folder.name
        for folder in top.iterdir()
        if is_student_id(folder.name)
        and (assignment is None or (folder / assignment / f"{assignment}.ipynb").is_file())
    )


def misnamed_folders(course: Course, assignment: str) -> tuple[str, ...]:
    """Folders of submissions that are not taken, since their names can't be student ids: put there by hand or by nbgrader."""
    top = _submitted(course)
    return tuple(
        sorted(
            folder.name
            for folder in (top.iterdir() if top.is_dir() else ())
            if not is_student_id(folder.name)
            and not is_litter(folder.name)
            and (folder / assignment).is_dir()
        )
    )


def current_attempt(course: Course, assignment: str, student: str) -> bytes | None:
    """The bytes of the student's current attempt; None if there is none."""
    try:
        return (_submitted(course) / student / assignment / f"{assignment}.ipynb").read_bytes()
    except OSError:
        return None


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
    declared = course.assignments[assignment]
    with _lock(course):
        return {
            student: _read_submission(_submitted(course) / student / assignment, declared, course.zone)
            for student in sorted(present_students(course, assignment))
        }


def format_timestamp(moment: datetime) -> str:
    """The text of timestamp.txt, in UTC, as nbgrader writes and reads it."""
    return moment.astimezone(UTC).strftime(TIMESTAMP)


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
    course: Course,
    assignment: str,
    student: str,
    name: str,
    data: bytes,
    time: HandInTime,
    now: datetime,
    extra: Mapping[str, bytes],
) -> Stored:
    digest = hashlib.sha256(data).hexdigest()
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in extra.items()}
    current = _submitted(course) / student / assignment
    attempts = course.gradebook / "attempts" / student / assignment
    earlier = [folder.name for folder in attempts.iterdir()] if attempts.is_dir() else []
    number = 1 + len(earlier)
    moment = time.moment.astimezone(UTC)
    old = _Attempt.read(current, assignment, course.zone) if current.is_dir() else None
    if old is not None and (old.sha256, old.extra) == (digest, hashes):
        if not _knows_better(time, old):
            return Stored(student, assignment, digest, old.moment, number, True, old.how)
        # The same file, but now somebody knows when it was handed in.
        record = {**old.record, "timestamp": moment.isoformat(), "time": time.how}
        write_atomically(current / "submission.json", _json(record))
        write_atomically(current / "timestamp.txt", format_timestamp(moment).encode())
        return Stored(student, assignment, digest, moment, number, True, time.how)
    number += old is not None
    stamp = _stamp(moment, digest)
    # Of two times by our own clock the order of arrival is surer: the clock may have been set back.
    by_clock = old is not None and time.how == old.how == "clock"
    if old is not None and not by_clock and stamp in earlier:
        return Stored(
            student, assignment, digest, moment, 1 + earlier.index(stamp), True, time.how, earlier=True
        )
    record = {
        "schema": "nbjudge.submission/1",
        "assignment": assignment,
        "student": student,
        "original_name": name,
        "sha256": digest,
        "timestamp": moment.isoformat(),
        "time": time.how,
        "stored": now.astimezone(UTC).isoformat(),
        "attempt": number,
        "extra_files": hashes,
    }
    files = {
        **extra,
        f"{assignment}.ipynb": data,
        "timestamp.txt": format_timestamp(moment).encode(),
        "submission_secret.txt": secrets.token_hex(64).encode(),
        "submission.json": _json(record),
    }
    known = old is not None and "unknown" not in (time.how, old.how)
    if old is not None and known and not by_clock and moment < old.moment:
        _write_whole(course, attempts / stamp, files)
        return Stored(student, assignment, digest, moment, number - 1, False, time.how, earlier=True)
    _place(course, student, assignment, files)
    return Stored(student, assignment, digest, moment, number, False, time.how)


def _knows_better(time: HandInTime, old: _Attempt) -> bool:
    if time.moment.astimezone(UTC) == old.moment and time.how == old.how:
        return False
    better = BELIEF.index(time.how) - BELIEF.index(old.how)
    return better < 0 or (better == 0 and time.how in ("record", "named"))


def _json(record: Mapping[str, object]) -> bytes:
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()


def _stamp(moment: datetime, digest: str) -> str:
    """What the folder of an earlier attempt is called."""
    return f"{moment:%Y%m%dT%H%M%S.%fZ}-{digest[:8]}"


def _write_whole(course: Course, target: Path, files: Mapping[str, bytes]) -> None:
    """Makes a folder that is there with all its files or not at all."""
    new = course.gradebook / f".incoming-{secrets.token_hex(8)}"
    new.mkdir()
    try:
        for name, data in files.items():
            (new / name).write_bytes(data)
        target.parent.mkdir(parents=True, exist_ok=True)
        new.rename(target)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _place(course: Course, student: str, assignment: str, files: Mapping[str, bytes]) -> None:
    _write_whole(course, course.gradebook / "incoming" / student / assignment, files)
    _finish(course, student, assignment)


def _finish(course: Course, student: str, assignment: str) -> None:
    """Moves the current attempt to the earlier ones and the incoming one into its place; safe to repeat."""
    current = _submitted(course) / student / assignment
    if current.is_dir():
        old = _Attempt.read(current, assignment, course.zone)
        earlier = course.gradebook / "attempts" / student / assignment / _stamp(old.moment, old.sha256)
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


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A stored attempt as its folder tells of it."""

    path: Path
    sha256: str
    moment: datetime  # aware, UTC; the folder's own where nobody knows the time
    how: How
    problem: str
    extra: dict[str, str]  # name -> SHA-256, as they were stored
    record: dict[str, Any]  # submission.json

    @classmethod
    def read(cls, folder: Path, assignment: str, zone: tzinfo) -> _Attempt:
        path = folder / f"{assignment}.ipynb"
        data = path.read_bytes() if path.is_file() else b""
        try:
            record = json.loads((folder / "submission.json").read_bytes())
        except (OSError, ValueError):
            record = None  # put there by hand or by nbgrader
        record = record if isinstance(record, dict) else {}
        how = record.get("time", "clock") if record else "record"
        moment, problem = datetime.fromtimestamp(os.stat(folder).st_mtime, UTC), ""
        try:
            text = (folder / "timestamp.txt").read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError):
            text = ""
        if not text:
            how = "unknown"  # nbgrader's rule: without a timestamp nobody is late
        else:
            try:
                # nbgrader writes UTC and means UTC where it names no zone.
                moment = parse_moment(text, zone if not _is_bare(text) else UTC)
            except ValueError as error:
                how = "unknown"
                problem = f"{folder / 'timestamp.txt'}: {error}; without the file it counts as in time"
        extra = record.get("extra_files")
        return cls(
            path=path,
            sha256=hashlib.sha256(data).hexdigest(),
            moment=moment,
            how=how if how in BELIEF else "clock",
            problem=problem,
            extra=extra if isinstance(extra, dict) else {},
            record=record,
        )


def _is_bare(text: str) -> bool:
    return text[-1:].isdigit() and not re.search(r"[+-]\d\d:?(\d\d)?$", text[10:])


def _read_submission(folder: Path, declared: Assignment, zone: tzinfo) -> Submission:
    attempt = _Attempt.read(folder, declared.name, zone)
    known = attempt.how != "unknown"
    return Submission(
        declared.name,
        folder.parent.name,
        attempt.path,
        # Nobody is late by accident.
        attempt.moment if known else min(attempt.moment, declared.soft_deadline.astimezone(UTC)),
        attempt.sha256,
        time_known=known,
        problem=attempt.problem,
        extra=tuple(sorted(_extra_files(folder, declared))),
    )


def _extra_files(folder: Path, declared: Assignment) -> Iterator[tuple[str, str]]:
    """Name and hash of each file beside the notebook that the assignment takes."""
    for path in folder.iterdir() if declared.extra_files else ():
        if is_extra_file(path.name, declared) and path.is_file() and not path.is_symlink():
            yield path.name, hashlib.sha256(path.read_bytes()).hexdigest()


def is_extra_file(name: str, declared: Assignment) -> bool:
    """Whether the assignment takes a file of this name beside the notebook."""
    own = (*OURS, f"{declared.name}.ipynb")
    return name not in own and any(fnmatch.fnmatchcase(name, pattern) for pattern in declared.extra_files)
