"""Arithmetic of points that the score, the gradebook and the feedback share."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from nbjudge.model import ExerciseScore, TestResult

DIGITS = 4  # points are rounded here, so that no 0.30000000000000004 reaches a gradebook


def rounded(points: float) -> float:
    """`points` without binary noise; never minus zero."""
    return round(points, DIGITS) + 0.0


def penalty(score: float, factor: float) -> float:
    """The points that the late policy takes from `score`, so that score - penalty is the rounded final."""
    return rounded(rounded(score) - rounded(score * factor))


def earned(test: TestResult) -> float:
    """The fraction of its weight that `test` proved, 0..1: only a passed test earns anything."""
    if test.status != "passed" or not isfinite(test.fraction):
        return 0.0
    return min(max(test.fraction, 0.0), 1.0)


def worth(exercise: ExerciseScore, tests: Sequence[TestResult], test: TestResult) -> float:
    """The points that `test` is worth among the exercise's `tests`."""
    total = sum(other.weight for other in tests)
    return exercise.points * test.weight / total if total > 0 else 0.0
