"""Result -> Score: points and the late policy. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import isfinite

from nbjudge.model import Assignment, Exercise, ExerciseScore, Mark, Result, Score, TestResult

DIGITS = 4  # points are rounded here, so that no 0.30000000000000004 reaches a gradebook


def score(assignment: Assignment, exercises: Sequence[Exercise], result: Result) -> Score:
    """The automatic part of a submission's points.

    An exercise's score = points x sum(weight x fraction) / sum(weight). It is None, "not graded", when
    a person grades it, when the author's test is broken, or when there is no test. A file that is no
    notebook gets 0 everywhere, and so does a manual cell that is missing or still the release's.
    """
    return _total(
        tuple(_exercise_score(exercise, result) for exercise in exercises),
        late_factor(assignment, result.timestamp),
    )


def apply_marks(automatic: Score, marks: Mapping[str, Mark]) -> Score:
    """`automatic` with the points that a person gave (exercise id -> Mark) in place of the judge's."""
    return _total(
        tuple(
            replace(part, score=mark.score)
            if (mark := marks.get(part.exercise)) is not None and mark.score is not None
            else part
            for part in automatic.exercises
        ),
        automatic.factor,
    )


def late_factor(assignment: Assignment, timestamp: datetime) -> float:
    """1 until the soft deadline (inclusive), `late_factor` until the hard one (inclusive), then 0."""
    if timestamp <= assignment.soft_deadline:
        return 1.0
    return assignment.late_factor if timestamp <= assignment.hard_deadline else 0.0


def _exercise_score(exercise: Exercise, result: Result) -> ExerciseScore:
    return ExerciseScore(exercise.id, exercise.points, _points(exercise, result), exercise.manual)


def _points(exercise: Exercise, result: Result) -> float | None:
    if result.rejected is not None:
        return 0.0
    if exercise.manual:
        unanswered = exercise.id in result.missing or exercise.id in result.unchanged
        return 0.0 if unanswered else None
    tests = [test for test in result.tests if test.exercise == exercise.id]
    weight = sum(test.weight for test in tests)
    if weight <= 0 or any(test.status == "broken_test" for test in tests):
        return None
    return rounded(exercise.points * sum(test.weight * earned(test) for test in tests) / weight)


def _total(parts: tuple[ExerciseScore, ...], factor: float) -> Score:
    return Score(
        exercises=parts,
        score=rounded(sum(part.score for part in parts if part.score is not None)),
        points=rounded(sum(part.points for part in parts)),
        factor=factor,
        complete=all(part.score is not None for part in parts),
    )


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
