"""The late policy: every rule at its edges, and what must hold for all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbjudge.lateness import (
    DAY,
    MINUTE,
    NONE,
    Extension,
    LatePolicy,
    extended_by,
    is_over,
    lateness,
    lateness_of_all,
)

ZONE = ZoneInfo("Europe/Moscow")
SOFT = datetime(2027, 3, 14, 23, 59, tzinfo=ZONE)
STEP = LatePolicy(SOFT, SOFT + 6 * DAY, factor=0.5)
DAILY = LatePolicy(SOFT, SOFT + 6 * DAY, per_day=0.1)
SEED = LatePolicy(SOFT, SOFT, self_service=7)  # 7 days, 7 more by oneself, then only through staff
IN_TIME, LATE, TOO_LATE = SOFT - DAY, SOFT + 2 * DAY - timedelta(hours=1), SOFT + 7 * DAY


@pytest.mark.parametrize(
    ("policy", "handed_in", "extended", "bank", "factor"),
    [
        # soft and hard deadline, a factor between them
        (STEP, IN_TIME, 0, 0, 1),
        (STEP, LATE, 0, 0, 0.5),
        (STEP, TOO_LATE, 0, 0, 0),
        (STEP, LATE, 2, 0, 1),
        (STEP, LATE, 1, 0, 0.5),
        (STEP, TOO_LATE, 1, 0, 0.5),
        (STEP, TOO_LATE, 7, 0, 1),
        # minutes of grace, after both deadlines
        (replace(STEP, grace=10 * MINUTE), SOFT + 10 * MINUTE, 0, 0, 1),
        (replace(STEP, grace=10 * MINUTE), SOFT + 11 * MINUTE, 0, 0, 0.5),
        (replace(STEP, grace=10 * MINUTE), STEP.hard + 10 * MINUTE, 0, 0, 0.5),
        (replace(STEP, grace=10 * MINUTE), STEP.hard + 11 * MINUTE, 0, 0, 0),
        (replace(STEP, grace=10 * MINUTE), SOFT + DAY + 10 * MINUTE, 1, 0, 1),
        # a penalty for each day begun
        (DAILY, IN_TIME, 0, 0, 1),
        (DAILY, SOFT + MINUTE, 0, 0, 0.9),
        (DAILY, SOFT + DAY, 0, 0, 0.9),
        (DAILY, SOFT + DAY + MINUTE, 0, 0, 0.8),
        (DAILY, TOO_LATE, 0, 0, 0),
        (DAILY, LATE, 1, 0, 0.9),
        (DAILY, LATE, 1, 1, 1),
        (replace(DAILY, per_day=0.4), SOFT + 5 * DAY, 0, 0, 0),  # never below nothing
        # days that a student takes without asking
        (SEED, SOFT, 0, 0, 1),
        (SEED, SOFT + 7 * DAY, 0, 0, 1),
        (SEED, SOFT + 7 * DAY + MINUTE, 0, 0, 0),
        (SEED, SOFT + 9 * DAY, 2, 0, 1),
        (replace(STEP, self_service=7), SOFT + 8 * DAY, 0, 0, 0.5),
        # the bank of late days
        (STEP, LATE, 0, 1, 0.5),
        (STEP, LATE, 0, 2, 1),
        (STEP, TOO_LATE, 0, 1, 0.5),  # one day is enough to reach the hard deadline
        (STEP, TOO_LATE, 0, 7, 1),
        (STEP, TOO_LATE, 5, 2, 1),
        (replace(STEP, most_late_days=1), LATE, 0, 5, 0.5),
        (replace(STEP, most_late_days=0), LATE, 0, 5, 0.5),
        (replace(STEP, self_service=1), LATE, 0, 1, 1),
        (replace(STEP, grace=10 * MINUTE), SOFT + DAY + 5 * MINUTE, 0, 1, 1),
    ],
)
def test_each_policy(
    policy: LatePolicy, handed_in: datetime, extended: int, bank: int, factor: float
) -> None:
    late = lateness(policy, handed_in, extended * DAY, bank)
    assert late.factor == pytest.approx(factor)
    assert lateness(policy, handed_in.astimezone(UTC), extended * DAY, bank).factor == late.factor


def test_what_covers_lateness_is_told_apart() -> None:
    policy = replace(STEP, self_service=1, grace=10 * MINUTE)
    late = lateness(policy, SOFT + 5 * DAY, 2 * DAY, bank=9)
    assert (late.extended, late.self_service, late.bank, late.charged) == (2 * DAY, 1, 2, 0)
    assert late.late == 5 * DAY
    assert (late.deadline, late.last) == (SOFT + 2 * DAY, STEP.hard + 5 * DAY)
    assert not late.graced
    assert lateness(policy, SOFT + 2 * DAY + 9 * MINUTE, 2 * DAY).graced


def test_late_days_are_not_spent_where_they_gain_nothing() -> None:
    assert lateness(STEP, SOFT + 5 * DAY, bank=2).bank == 0  # 0.5 with them and without them
    assert lateness(STEP, SOFT + 30 * DAY, bank=2).bank == 0
    assert lateness(DAILY, SOFT + 5 * DAY, bank=2).bank == 2


def test_late_days_go_in_the_order_of_handing_in() -> None:
    second = replace(STEP, soft=SOFT + 7 * DAY, hard=SOFT + 14 * DAY)
    policies = {"first": STEP, "second": second}
    handed_in = {"first": SOFT + 2 * DAY, "second": second.soft + 2 * DAY}
    found = lateness_of_all(policies, handed_in, {}, bank=3)
    assert {name: (late.bank, late.factor) for name, late in found.items()} == {
        "first": (2, 1), "second": (0, 0.5),
    }  # fmt: skip
    found = lateness_of_all(policies, {**handed_in, "gone": SOFT}, {"first": 1 * DAY}, bank=3)
    assert {name: (late.bank, late.factor) for name, late in found.items()} == {
        "first": (1, 1), "second": (2, 1),
    }  # fmt: skip


def test_an_extension_in_days_moves_with_the_deadline_and_one_until_a_time_does_not() -> None:
    later = replace(STEP, soft=SOFT + 3 * DAY, hard=STEP.hard + 3 * DAY)
    days, until = Extension("a", "anna", days=7), Extension("a", "anna", until=SOFT + 7 * DAY)
    assert [extended_by(policy, days) for policy in (STEP, later)] == [7 * DAY, 7 * DAY]
    assert [extended_by(policy, until) for policy in (STEP, later)] == [7 * DAY, 4 * DAY]
    assert extended_by(STEP, Extension("a", "anna", until=SOFT - DAY)) == NONE


def test_days_are_those_of_the_calendar() -> None:
    """The clocks of Berlin go forward in the night to 28 March 2027, so that day has 23 hours."""
    berlin = ZoneInfo("Europe/Berlin")
    soft = datetime(2027, 3, 27, 23, 59, tzinfo=berlin)
    policy = LatePolicy(soft, soft + 7 * DAY, per_day=0.1)
    end = datetime(2027, 3, 28, 23, 59, 59, tzinfo=berlin)
    assert lateness(policy, end).factor == 0.9
    assert lateness(policy, end + timedelta(seconds=1)).factor == 0.8
    assert lateness(policy, end, DAY).factor == 1
    assert lateness(policy, end).late == timedelta(hours=23, seconds=59)
    until = Extension("a", "anna", until=datetime(2027, 3, 28, 21, 59, tzinfo=UTC))
    assert soft + extended_by(policy, until) == datetime(2027, 3, 28, 23, 59, tzinfo=berlin)


def test_an_hour_that_comes_twice_ends_when_it_ends_for_the_second_time() -> None:
    """In Berlin, 02:30 on 31 October 2027 is 00:30 and 01:30 UTC."""
    berlin = ZoneInfo("Europe/Berlin")
    soft = datetime(2027, 10, 31, 2, 30, tzinfo=berlin, fold=1)
    policy = LatePolicy(soft, soft + 5 * DAY)
    assert lateness(policy, datetime(2027, 10, 31, 1, 30, 59, tzinfo=UTC)).factor == 1
    assert lateness(policy, datetime(2027, 10, 31, 1, 31, tzinfo=UTC)).factor == 0.5
    before = replace(policy, soft=datetime(2027, 10, 30, 2, 30, tzinfo=berlin))
    assert lateness(before, datetime(2027, 10, 31, 1, 30, 59, tzinfo=UTC), DAY).factor == 1


def test_the_minute_of_a_deadline_belongs_to_it() -> None:
    assert not is_over(SOFT, SOFT + timedelta(seconds=59.999))
    assert is_over(SOFT, SOFT + MINUTE)
    last = SOFT.replace(second=59, microsecond=999_999)  # the same deadline, said by its last moment
    assert not is_over(last, SOFT + timedelta(seconds=59.999))
    assert is_over(last, SOFT + MINUTE)
    assert lateness(replace(STEP, soft=last), SOFT + DAY + timedelta(seconds=30), DAY).factor == 1


policies = st.builds(
    lambda between, factor, per_day, grace, self_service, most: LatePolicy(
        SOFT, SOFT + between * DAY, factor, per_day, grace * MINUTE, self_service, most
    ),
    between=st.integers(0, 10),
    factor=st.floats(0, 1),
    per_day=st.none() | st.floats(0, 1),
    grace=st.integers(0, 90),
    self_service=st.integers(0, 7),
    most=st.none() | st.integers(0, 3),
)
moments = st.integers(-100_000, 60 * 24 * 40 * 60).map(lambda seconds: SOFT + timedelta(seconds=seconds))
lengths = st.integers(0, 60 * 24 * 30).map(lambda minutes: minutes * MINUTE)
banks = st.integers(0, 12)


@given(policies, moments, lengths, banks, lengths, st.integers(0, 5))
def test_an_extension_or_a_late_day_never_lowers_a_grade(
    policy: LatePolicy, handed_in: datetime, extended: timedelta, bank: int, more: timedelta, days: int
) -> None:
    factor = lateness(policy, handed_in, extended, bank).factor
    assert 0 <= factor <= 1
    assert lateness(policy, handed_in, extended + more, bank).factor >= factor
    assert lateness(policy, handed_in, extended, bank + days).factor >= factor


@given(policies, moments, lengths, banks, lengths)
def test_more_lateness_never_raises_a_grade(
    policy: LatePolicy, handed_in: datetime, extended: timedelta, bank: int, more: timedelta
) -> None:
    before = lateness(policy, handed_in, extended, bank)
    assert lateness(policy, handed_in + more, extended, bank).factor <= before.factor


@given(policies, moments, lengths, banks)
def test_the_parts_of_a_lateness_agree(
    policy: LatePolicy, handed_in: datetime, extended: timedelta, bank: int
) -> None:
    late = lateness(policy, handed_in, extended, bank)
    assert late.bank <= min(bank, 99 if policy.most_late_days is None else policy.most_late_days)
    assert late.self_service in (0, policy.self_service)
    assert (late.charged == 0) == (late.factor == 1) or policy.factor == 1 or policy.per_day is not None
    if not late.late:
        assert (late.factor, late.self_service, late.bank, late.charged) == (1, 0, 0, 0)
    if late.charged:
        assert is_over(late.deadline + (late.self_service + late.bank) * DAY, handed_in)


@given(st.lists(st.tuples(policies, moments), min_size=1, max_size=5), banks)
def test_no_student_spends_more_than_the_bank(work: list[tuple[LatePolicy, datetime]], bank: int) -> None:
    found = lateness_of_all(
        {str(n): policy for n, (policy, _) in enumerate(work)},
        {str(n): moment for n, (_, moment) in enumerate(work)},
        {},
        bank,
    )
    assert len(found) == len(work)
    assert sum(late.bank for late in found.values()) <= bank
