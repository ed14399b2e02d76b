"""Grading without workers: outcomes made up for the tiny course, for tests of what comes before and after."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

import pytest

from nbjudge.grading.context import GradingContext, Job, Trouble
from nbjudge.model import Result, TestResult, TroubleKind

Outcome = Callable[[Job], Result | Trouble]
TESTS = (("double", "test_doubles", 1), ("double", "test_doubles_negative", 1), ("total", "test_total", 3))


def passes(job: Job, seconds: float = 0.1) -> Result:
    """Full marks in both exercises that tests grade."""
    submission = job.submission
    tests = tuple(
        TestResult(exercise, name, name, weight, "passed", 1.0, seconds=seconds)
        for exercise, name, weight in TESTS
    )
    return Result(
        submission.assignment,
        submission.student,
        submission.sha256,
        submission.timestamp,
        "en",
        job.key,
        tests,
    )


def trouble(kind: TroubleKind = "sandbox", message: str = "no walls today") -> Outcome:
    """Makes every submission a trouble."""
    return lambda job: Trouble(job.submission, kind, message)


def pretend(patch: pytest.MonkeyPatch, outcome: Outcome = passes, **others: Outcome) -> list[str]:
    """Replaces the workers; `others`: for single students. Returns the list of students graded from now on."""
    graded: list[str] = []

    def grade_all(
        context: GradingContext, jobs: Iterable[Job], workers: int
    ) -> Generator[Result | Trouble, None, None]:
        for job in jobs:
            graded.append(job.submission.student)
            yield others.get(job.submission.student, outcome)(job)

    patch.setattr("nbjudge.grading.executors.local.grade_all", grade_all)
    return graded
