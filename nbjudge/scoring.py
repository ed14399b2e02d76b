"""Result -> Score: points, with the factor of the late policy. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite

from nbjudge.lateness import Lateness, lateness
from nbjudge.model import Assignment, Exercise, ExerciseScore, Mark, Result, Score, TestResult

DIGITS = 4  # points are rounded here, so that no 0.30000000000000004 reaches a gradebook


def score(
    assignment: Assignment, exercises: Sequence[Exercise], result: Result, late: Lateness | None = None
) -> Score:
    """The automatic part of a submission's points; `late` is its lateness, by default without any extension.

    An exercise's score = points x sum(weight x fraction) / sum(weight). It is None, "not graded", when
    a person grades it, when the author's test is broken, or when there is no test. A file that is no
    notebook gets 0 everywhere, and so does a manual cell that is missing or still the release's.
    """
    return _total(
        tuple(_exercise_score(exercise, result) for exercise in exercises),
        late or lateness(assignment.late, result.timestamp),
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
        automatic.late,
        automatic.factor,
    )


def apply_lateness(score: Score, late: Lateness) -> Score:
    """`score` with another lateness: after an extension, or where late days are shared out anew."""
    return replace(score, late=late, factor=late.factor)


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


def _total(parts: tuple[ExerciseScore, ...], late: Lateness | None, factor: float = 1.0) -> Score:
    return Score(
        exercises=parts,
        score=rounded(sum(part.score for part in parts if part.score is not None)),
        points=rounded(sum(part.points for part in parts)),
        factor=late.factor if late else factor,
        complete=all(part.score is not None for part in parts),
        late=late,
    )


def rounded(points: float) -> float:
    """`points` without binary noise; never minus zero."""
    return round(points, DIGITS) + 0.0


def penalty(score: float, factor: float) -> float:
    """The points that the late policy takes from `score`, so that score - penalty is the rounded final."""
    score = rounded(score)  # first, or a sum with binary noise would end in another last digit
    return rounded(score - rounded(score * factor))


def earned(test: TestResult) -> float:
    """The fraction of its weight that `test` proved, 0..1: only a passed test earns anything."""
    if test.status != "passed" or not isfinite(test.fraction):
        return 0.0
    return min(max(test.fraction, 0.0), 1.0)


def worth(exercise: ExerciseScore, tests: Sequence[TestResult], test: TestResult) -> float:
    """The points that `test` is worth among the exercise's `tests`."""
    total = sum(other.weight for other in tests)
    return exercise.points * test.weight / total if total > 0 else 0.0
