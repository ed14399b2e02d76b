"""Signed receipts of what is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.course import pick_assignment
from nbjudge.errors import CourseError
from nbjudge.model import Course, Submission
from nbjudge.receipts import SignedFacts, public_key_file, read_public_key, sign, verify

if TYPE_CHECKING:
    from nbjudge.app.intake import Receipt
    from nbjudge.intake.store import Stored


def sign_stored(course: Course, stored: Stored | Receipt) -> str:
    """The signed receipt of one attempt that is stored, as text that can be copied."""
    one = stored
    facts = SignedFacts(course.id, one.assignment, one.student, one.attempt, one.timestamp, one.sha256)
    return sign(course.gradebook, facts)


def signed_receipts(course: Course, name: str, students: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """Student -> SHA-256 -> the signed receipt, of everything that is stored; oldest attempt first."""
    from nbjudge.intake.attempts import read_attempts
    from nbjudge.intake.store import Stored

    signed: dict[str, dict[str, str]] = {}
    for student, attempts in read_attempts(course, name, students or None).items():
        mine = signed.setdefault(student, {})
        for number, one in enumerate(attempts, 1):
            mine.pop(one.sha256, None)  # the same bytes once more, after others: now they are the newest
            stored = Stored(student, name, one.sha256, one.timestamp, _number(one, number), False)
            mine[one.sha256] = sign_stored(course, stored)
    return signed


def signed_receipt(course: Course, name: str, student: str, sha256: str | None = None) -> str:
    """The signed receipt of the student's current attempt, or of the newest with these bytes; CourseError if there is none."""
    pick_assignment(course, name)
    mine = signed_receipts(course, name, [student]).get(student, {})
    if not mine or (sha256 is not None and sha256 not in mine):
        of = f" with SHA-256 {sha256}" if mine else ""
        raise CourseError(
            f"{student!r} has no submission of {name!r}{of}: there is nothing to give a receipt for"
        )
    return mine[sha256] if sha256 is not None else list(mine.values())[-1]


def _number(submission: Submission, default: int) -> int:
    """Which attempt it was when it was stored: one that comes late from an archive may be older than others."""
    try:
        record = json.loads((submission.path.parent / "submission.json").read_bytes())
    except (OSError, ValueError):
        return default  # laid down by hand, or by nbgrader
    number = record.get("attempt") if isinstance(record, dict) else None
    return number if isinstance(number, int) else default


def verify_receipt(text: str, key: Path, notebook: Path | None = None) -> SignedFacts:
    """What a receipt says, if it is genuine and, where one is given, belongs to `notebook`; CourseError says why not."""
    facts = verify(text, read_public_key(key))
    if notebook is not None and hashlib.sha256(notebook.read_bytes()).hexdigest() != facts.sha256:
        raise CourseError(
            f"the receipt is genuine, but not about {notebook}: that file has another SHA-256 than {facts.sha256}"
        )
    return facts


def public_key(course: Course) -> Path:
    """The file that anybody verifies receipts with."""
    return public_key_file(course.gradebook)
