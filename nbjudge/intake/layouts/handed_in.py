"""What a layout makes of a folder or archive."""

from __future__ import annotations

from dataclasses import dataclass

from nbjudge.intake.archive import Entry


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One file that counts as a student's submission."""

    student: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file of a collected folder or archive that was not stored."""

    name: str  # as it is called there
    reason: str
