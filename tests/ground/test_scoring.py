"""Points, the late policy, marks given by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isfinite, nan
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import small_course as small

from nbjudge.lateness import LatePolicy, lateness
from nbjudge.model import Assignment, Exercise, Limits, Mark, Score, Status, TestResult
from nbjudge.scoring import apply_marks, penalty, rounded, score, worth

ZONE = ZoneInfo("Europe/Moscow")
SOFT = datetime(2027, 3, 14, 23, 59, tzinfo=ZONE)
HARD = datetime(2027, 3, 20, 23, 59, tzinfo=ZONE)
LAB = Assignment(
    "lab", {}, {"square": 2, "scale": 3, "plots": 1, "report": 4}, LatePolicy(SOFT, HARD), "always", Limits()
)
STATUSES: tuple[Status, ...] = (
    "passed", "failed", "error", "timeout", "memory", "gpu_memory", "crashed", "not_found", "broken_test",
)  # fmt: skip


def scored(*tests: TestResult, **rest: Any) -> Score:
    return score(LAB, small.EXERCISES, small.make_result(tests=tests, **rest))


def points(total: Score) -> dict[str, float | None]:
    return {part.exercise: part.score for part in total.exercises}


def test_full_marks() -> None:
    total = scored(small.passed("square"), small.passed("scale"))
    assert points(total) == {"square": 2, "scale": 3, "plots": None, "report": None}
    assert (total.score, total.points, total.final, total.complete) == (5, 10, 5, False)


def test_weights() -> None:
    total = scored(small.passed("scale", weight=2), small.failed("scale", weight=1))
    assert points(total)["scale"] == 2


def test_partial_credit() -> None:
    total = scored(small.passed("scale", 0.5, weight=2), small.passed("scale", weight=1))
    assert points(total)["scale"] == 2


@pytest.mark.parametrize("status", [s for s in STATUSES if s not in ("passed", "broken_test")])
def test_only_a_pass_earns(status: Status) -> None:
    assert points(scored(small.failed("square", status=status, fraction=1.0)))["square"] == 0


@pytest.mark.parametrize("fraction", [nan, float("inf"), -float("inf")])
def test_what_is_no_number_earns_nothing(fraction: float) -> None:
    assert points(scored(small.passed("square", fraction)))["square"] == 0


@pytest.mark.parametrize(("fraction", "expected"), [(7.0, 2), (-1.0, 0)])
def test_a_fraction_is_clipped(fraction: float, expected: float) -> None:
    assert points(scored(small.passed("square", fraction)))["square"] == expected


def test_a_broken_test_leaves_its_exercise_alone_ungraded() -> None:
    broken = small.failed("square", status="broken_test")
    total = scored(small.passed("square"), broken, small.passed("scale"))
    assert points(total)["square"] is None
    assert total.score == 3
    assert not total.complete


def test_an_exercise_without_tests_is_ungraded_not_zero() -> None:
    assert points(scored(small.passed("scale")))["square"] is None


def test_tests_without_weight_grade_nothing() -> None:
    assert points(scored(small.passed("square", weight=0)))["square"] is None


def test_a_rejected_file_is_zero_everywhere_and_needs_nobody() -> None:
    total = scored(rejected="the file is empty")
    assert points(total) == {"square": 0, "scale": 0, "plots": 0, "report": 0}
    assert total.complete


def test_manual_exercises_wait_unless_nothing_was_handed_in() -> None:
    tests = small.passed("square"), small.passed("scale")
    assert points(scored(*tests, missing=("plots",), unchanged=("report",))) == {
        "square": 2, "scale": 3, "plots": 0, "report": 0,
    }  # fmt: skip
    assert points(scored(*tests, unchanged=("square_function",)))["square"] == 2


@pytest.mark.parametrize(
    ("moment", "factor"),
    [
        (SOFT - timedelta(days=30), 1),
        (SOFT, 1),
        (SOFT + timedelta(seconds=59, microseconds=999_999), 1),
        (SOFT + timedelta(minutes=1), 0.5),
        (HARD, 0.5),
        (HARD + timedelta(seconds=59, microseconds=999_999), 0.5),
        (HARD + timedelta(minutes=1), 0),
        (datetime(2027, 3, 14, 20, 59, tzinfo=UTC), 1),
        (datetime(2027, 3, 14, 21, 0, tzinfo=UTC), 0.5),
    ],
)
def test_the_late_policy_at_its_edges(moment: datetime, factor: float) -> None:
    assert lateness(LAB.late, moment).factor == factor


def test_the_late_factor_applies_to_the_total() -> None:
    total = scored(small.passed("square"), small.passed("scale"), timestamp=small.LATE)
    assert (total.score, total.factor, total.final) == (5, 0.5, 2.5)


def test_marks_replace_scores() -> None:
    automatic = scored(small.failed("square"), small.passed("scale"))
    total = apply_marks(automatic, {"square": Mark(1.5), "plots": Mark(1), "report": Mark(None, "Hm.")})
    assert points(total) == {"square": 1.5, "scale": 3, "plots": 1, "report": None}
    assert (total.score, total.complete) == (5.5, False)
    assert apply_marks(total, {"report": Mark(0)}).complete


def test_no_binary_noise() -> None:
    lab = replace(LAB, points={"a": 0.1, "b": 0.2})
    exercises = (Exercise("a", 0.1, False, ()), Exercise("b", 0.2, False, ()))
    total = score(lab, exercises, small.make_result(tests=(small.passed("a"), small.passed("b"))))
    assert repr(total.score) == "0.3"
    assert repr(rounded(-0.00001)) == "0.0"
    assert penalty(0.3, 0.5) == 0.15


tests_strategy = st.lists(
    st.builds(
        TestResult,
        exercise=st.sampled_from(["square", "scale", "unknown"]),
        test=st.just("t"),
        title=st.just("t"),
        weight=st.floats(0, 1e6),
        status=st.sampled_from(STATUSES),
        fraction=st.floats(allow_nan=True, allow_infinity=True),
    ),
    max_size=8,
)


@given(tests_strategy, st.datetimes(datetime(2027, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))
def test_a_score_is_always_a_number_within_its_bounds(tests: list[TestResult], moment: datetime) -> None:
    total = score(LAB, small.EXERCISES, small.make_result(tests=tests, timestamp=moment))
    for part in total.exercises:
        assert part.score is None or (isfinite(part.score) and 0 <= part.score <= part.points)
    assert total.score == rounded(sum(part.score or 0 for part in total.exercises))
    assert 0 <= total.final <= total.score <= total.points


@given(tests_strategy.filter(bool), st.integers(0, 7))
def test_passing_one_more_test_never_costs_points(tests: list[TestResult], n: int) -> None:
    tests = [replace(test, status="failed") if test.status == "broken_test" else test for test in tests]
    n %= len(tests)
    better = [*tests[:n], replace(tests[n], status="passed", fraction=1.0), *tests[n + 1 :]]
    before, after = (
        score(LAB, small.EXERCISES, small.make_result(tests=some or [small.passed("scale")]))
        for some in (tests, better)
    )
    assert after.score >= before.score


@given(st.lists(st.tuples(st.floats(0.001, 100), st.booleans()), min_size=1, max_size=9))
def test_the_worth_of_all_tests_is_the_exercises_points(weights: list[tuple[float, bool]]) -> None:
    tests = [small.passed("scale", weight=weight) for weight, _ in weights]
    total = scored(*tests)
    part = next(part for part in total.exercises if part.exercise == "scale")
    assert part.score == 3
    assert sum(worth(part, tests, test) for test in tests) == pytest.approx(3)


@given(st.floats(0, 1000), st.floats(0, 1))
def test_score_minus_penalty_is_the_rounded_final(points: float, factor: float) -> None:
    assert rounded(rounded(points) - penalty(points, factor)) == rounded(rounded(points) * factor)
