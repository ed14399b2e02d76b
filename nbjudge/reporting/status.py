"""Where an assignment stands: what is graded, what waits and for whom, what is slow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from nbjudge.model import Result, StoredTrouble

SLOWEST = 5


@dataclass(frozen=True, slots=True)
class SlowTest:
    """How long students' code ran in one hidden test."""

    exercise: str
    test: str
    median: float  # seconds, of all graded submissions
    longest: float  # seconds


@dataclass(frozen=True, slots=True)
class AssignmentStatus:
    """Where one assignment stands. Students are named by their ids, sorted."""

    assignment: str
    submitted: int
    graded: int  # their grade holds; where `refused`, it may not
    new: tuple[str, ...]  # never graded
    changed: tuple[
        str, ...
    ]  # graded, but they handed in again, or tests, settings or versions have changed since
    troubles: tuple[StoredTrouble, ...]  # of those new and changed, what stopped the last try
    by_hand: tuple[str, ...]  # graded, but a person's marks are missing
    slowest: tuple[SlowTest, ...]  # slowest first
    refused: str | None = None  # why `nbjudge grade` would not even begin
    undated: tuple[str, ...] = ()  # nobody knows when they handed in: they count as in time
    misnamed: tuple[str, ...] = ()  # folders of submissions whose names can't be ids: not graded

    @property
    def to_grade(self) -> int:
        """How many submissions the next `nbjudge grade` grades."""
        return 0 if self.refused else len(self.new) + len(self.changed)

    @property
    def needs_attention(self) -> bool:
        """Whether something went wrong that the next grading alone may not cure."""
        return bool(self.troubles or self.misnamed or (self.refused and self.submitted))


def slowest_tests(results: Iterable[Result], count: int = SLOWEST) -> tuple[SlowTest, ...]:
    """The `count` tests in which submissions spent most time, by their longest run."""
    times: dict[tuple[str, str], list[float]] = {}
    for result in results:
        for test in result.tests:
            times.setdefault((test.exercise, test.test), []).append(test.seconds)
    tests = [SlowTest(*key, median(seconds), max(seconds)) for key, seconds in times.items()]
    return tuple(sorted(tests, key=lambda test: (-test.longest, test.exercise, test.test))[:count])
