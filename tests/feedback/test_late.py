"""The late policy in words: each rule, both languages, and a sum that adds up."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbjudge.feedback.late import arithmetic, zones
from nbjudge.languages import words
from nbjudge.lateness import DAY, MINUTE, LatePolicy, lateness
from nbjudge.model import ExerciseScore, Score
from nbjudge.scoring import rounded

SOFT = datetime(2027, 3, 14, 23, 59, tzinfo=ZoneInfo("Europe/Moscow"))
STEP = LatePolicy(SOFT, SOFT + 6 * DAY)
DAILY = LatePolicy(SOFT, SOFT + 6 * DAY, per_day=0.1)


def said(
    policy: LatePolicy,
    late_by: timedelta,
    extended: int = 0,
    bank: int = 0,
    points: float = 8,
    language: str = "en",
) -> str:
    late = lateness(policy, SOFT + late_by, extended * DAY, bank)
    score = Score((ExerciseScore("a", 10, points, False),), points, 10, late.factor, True, late)
    return arithmetic(policy, late, score, words(language))


@pytest.mark.parametrize(
    ("policy", "late_by", "extended", "bank", "sentence"),
    [
        (STEP, -DAY, 0, 0, ""),
        (STEP, -DAY, 7, 0, ""),
        (STEP, 2 * DAY, 0, 0, "8 × 0.5 = 4: handed in 2 days after the deadline (14 March 2027, 23:59)."),
        (STEP, 7 * DAY, 0, 0, "8 × 0 = 0: handed in 7 days after the deadline (14 March 2027, 23:59);"
         " and after your last deadline (20 March 2027, 23:59)."),
        (STEP, 2 * DAY, 3, 0, "All points count: handed in 2 days after the deadline (14 March 2027, 23:59);"
         " your extension lasts until 17 March 2027, 23:59."),
        (replace(STEP, grace=10 * MINUTE), 9 * MINUTE, 0, 0, "All points count: handed in 9 minutes after the"
         " deadline (14 March 2027, 23:59); within the grace time of 10 minutes."),
        (replace(STEP, self_service=7), 2 * DAY, 0, 0, "All points count: handed in 2 days after the deadline"
         " (14 March 2027, 23:59); days that you took without asking: 7."),
        (STEP, 2 * DAY, 0, 5, "All points count: handed in 2 days after the deadline (14 March 2027, 23:59);"
         " late days spent: 2."),
        (DAILY, 2 * DAY, 0, 1, "8 × 0.9 = 7.2: handed in 2 days after the deadline (14 March 2027, 23:59);"
         " late days spent: 1; days counted as late: 1, 10% each."),
    ],
)  # fmt: skip
def test_one_sentence_says_how_the_points_came_about(
    policy: LatePolicy, late_by: timedelta, extended: int, bank: int, sentence: str
) -> None:
    assert said(policy, late_by, extended, bank) == sentence


def test_the_sentence_in_russian() -> None:
    sentence = said(DAILY, 2 * DAY + timedelta(hours=3), 1, 1, language="ru")
    assert " ".join(sentence.split()) == (  # CLDR has narrow and unbreakable spaces
        "8 × 0,9 = 7,2: сдано после срока (14 марта 2027 г., 23:59), опоздание 2 дня, 3 часа;"
        " ваш срок продлён до: 15 марта 2027 г., 23:59; потрачено дней отсрочки: 1;"
        " дней опоздания: 1, по 10 % за каждый."
    )


@given(
    points=st.integers(0, 99_999_999).map(lambda n: n / 10_000),
    factor=st.floats(0, 1),
    per_day=st.none() | st.sampled_from([0.05, 0.1, 0.25, 1 / 3]),
    days=st.integers(1, 9),
    extended=st.integers(0, 3),
    language=st.sampled_from(["en", "ru"]),
)
def test_the_sum_adds_up_to_the_score(
    points: float, factor: float, per_day: float | None, days: int, extended: int, language: str
) -> None:
    policy = replace(STEP, factor=factor, per_day=per_day)
    late = lateness(policy, SOFT + days * DAY, extended * DAY)
    score = Score((ExerciseScore("a", points, points, False),), points, points, late.factor, True, late)
    sentence = arithmetic(policy, late, score, words(language))
    if late.factor == 1:
        assert "×" not in sentence.partition(":")[0]
        return
    before, by, after = (
        float(number.replace(",", "."))
        for number in re.findall(r"[\d.,]+(?:e-\d+)?", sentence.partition(": ")[0])
    )
    assert before == points
    assert after == pytest.approx(rounded(score.final))
    assert before * by == pytest.approx(after, abs=5.1e-5, rel=1e-5)


@pytest.mark.parametrize(
    ("policy", "late_by", "extended", "bank", "mine", "ends"),
    [
        (STEP, DAY, 0, 0, 1, ["14 March", "20 March", "20 March"]),
        (STEP, DAY, 2, 0, 0, ["16 March", "22 March", "22 March"]),
        (STEP, 2 * DAY, 0, 2, 0, ["16 March", "22 March", "22 March"]),
        (STEP, 9 * DAY, 0, 0, 2, ["14 March", "20 March", "20 March"]),
        (DAILY, 2 * DAY, 0, 0, 1, ["14 March", "20 March", "20 March"]),
        (replace(STEP, hard=SOFT), -DAY, 0, 0, 0, ["14 March", "14 March"]),
    ],
)
def test_deadlines_are_the_students_own(
    policy: LatePolicy, late_by: timedelta, extended: int, bank: int, mine: int, ends: list[str]
) -> None:
    late = lateness(policy, SOFT + late_by, extended * DAY, bank)
    shown = zones(policy, late, words("en"))
    assert [zone.until.partition(" 2027")[0] for zone in shown] == ends
    assert [n for n, zone in enumerate(shown) if zone.mine] == [mine]
