"""What forged replies get: points by test, the share that is allowed, and what an author may accept."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from nbjudge.authoring.check.findings import judge_replay
from nbjudge.authoring.check.forgeable import (
    LIMIT,
    Accepted,
    forgeable_share,
    forged_points,
    read_accepted,
)
from nbjudge.authoring.check.page import render_report
from nbjudge.authoring.check.report import CheckReport, Forged
from nbjudge.errors import CourseError
from nbjudge.model import Result, TestResult


def result(*tests: tuple[str, str, float, float]) -> Result:
    made = tuple(
        TestResult(exercise, name, name, weight, "passed" if fraction else "failed", fraction, "heard")
        for exercise, name, weight, fraction in tests
    )
    return Result("tiny", "replay", "0" * 64, datetime(2026, 1, 1, tzinfo=UTC), "en", "key", made)


FORGED = forged_points(
    result(("a", "test_one", 3, 1), ("a", "test_two", 1, 0), ("b", "test_three", 1, 0.5)),
    {"a": 2, "b": 6, "c": 1},
)


def test_points_follow_the_weights() -> None:
    assert [(test.test, test.points, test.possible) for test in FORGED] == [
        ("test_one", 1.5, 1.5),
        ("test_two", 0, 0.5),
        ("test_three", 3, 6),
    ]
    assert forgeable_share(FORGED) == 4.5 / 8 and forgeable_share(()) == 0


def test_more_than_the_limit_is_found_test_by_test() -> None:
    found = judge_replay(FORGED, Accepted())
    assert [(finding.exercise, finding.message.split()[0]) for finding in found.findings] == [
        ("a", "test_one"),
        ("b", "test_three"),
    ]
    assert "4.50 of 8 points (56.2%, allowed 5%)" in found.summary
    assert judge_replay(FORGED, Accepted(0.6, "so it is")).passed
    few = forged_points(result(("a", "test_one", 1, 1), ("b", "test_two", 1, 0)), {"a": 5, "b": 95})
    assert judge_replay(few, Accepted()).passed


def test_what_an_author_accepts(tmp_path: Path) -> None:
    assert read_accepted(tmp_path) == Accepted(LIMIT, "")
    (tmp_path / "forgeable.toml").write_text('share = 0.25\nreason = "until the new tests are there"\n')
    assert read_accepted(tmp_path) == Accepted(0.25, "until the new tests are there")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("share = 0.25", "and nothing else"),
        ('share = 0.25\nreason = " "', "and nothing else"),
        ('share = 0.05\nreason = "x"', "a number above 0.05"),
        ('share = 2\nreason = "x"', "a number above 0.05"),
        ('share = true\nreason = "x"', "a number above 0.05"),
        ("share =", r"forgeable\.toml"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "forgeable.toml").write_text(text)
    with pytest.raises(CourseError, match=said):
        read_accepted(tmp_path)


def test_the_page_shows_them() -> None:
    page = render_report(CheckReport("tiny", "0" * 64, (), forged=(*FORGED, Forged("<b>", "t", 0, 1, ""))))
    assert "4.50" not in page and "1.50 of 2" in page and "3.00 of 6" in page and "&lt;b&gt;" in page
    assert "test_one: heard" in page and "test_two" not in page
