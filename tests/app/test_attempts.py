"""Which attempt counts: the last, the last in time, the best; what is run for it, and what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.pretend import passes, pretend, trouble
from support.tiny_course import answer, make_course

from nbjudge.app import grading, intake, late, reporting
from nbjudge.app.options import GradingOptions
from nbjudge.course import load_course
from nbjudge.grading.context import Job, Trouble
from nbjudge.model import Course, Result

ONE = GradingOptions(jobs=1)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Its deadlines are 7 and 13 February 2027; between them half of the points."""
    make_course(tmp_path)
    path = tmp_path / "course_config.py"
    path.write_text(path.read_text().replace("2100-03-14", "2027-02-07").replace("2100-03-20", "2027-02-13"))
    return load_course(tmp_path)


def counting(course: Course, rule: str, soft: str = "2027-02-07") -> Course:
    path = course.root / "course_config.py"
    text = path.read_text().replace(
        '"title": {"en": "Tiny lab"', f'"counts": "{rule}", "title": {{"en": "Tiny lab"', 1
    )
    path.write_text(text.replace('"soft_deadline": "2027-02-07', f'"soft_deadline": "{soft}'))
    return load_course(course.root)


def hand_in(course: Course, day: int, earned: float, student: str = "anna") -> None:
    """An attempt that earns this share of the points, handed in on this day of February."""
    data = answer(course, total=f"def total(items):\n    return sum(items)  # earned {earned} on {day}")
    intake.submit(course, "tiny", student, "tiny.ipynb", data, datetime(2027, 2, day, 12, tzinfo=UTC))


def judge(job: Job) -> Result:
    earned = float(job.submission.path.read_text().split("# earned ")[1].split()[0])
    result = passes(job)
    return replace(result, tests=tuple(replace(test, fraction=earned) for test in result.tests))


def final(course: Course, student: str = "anna") -> float:
    return next(row.final for row in reporting.grades(course, "tiny") if row.student == student)


def test_the_last_attempt_counts_if_nothing_else_is_said(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = pretend(monkeypatch, judge)
    hand_in(course, 1, 1.0)
    hand_in(course, 2, 0.2)
    grading.grade(course, "tiny", ONE)
    assert (final(course), ran) == (1, ["anna"])


def test_the_last_in_time_counts(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    course = counting(course, "last_in_time")
    ran = pretend(monkeypatch, judge)
    for day, earned in ((1, 1.0), (2, 0.6), (9, 1.0)):
        hand_in(course, day, earned)
    hand_in(course, 9, 1.0, "boris")  # nothing in time: then the last
    hand_in(course, 10, 0.8, "boris")
    grading.grade(course, "tiny", ONE)
    assert (final(course), final(course, "boris")) == (3, 2)
    page = reporting.feedback(course, "tiny", ["anna"])[0].read_text()
    assert "Handed in 2 February 2027" in page
    stamp = course.gradebook / "autograded/anna/tiny/timestamp.txt"
    assert stamp.read_text().startswith("2027-02-02")
    assert len(grading.grade(course, "tiny", ONE).unchanged) == 2
    late.extend(course, "tiny", ["anna"], days=3, reason="ill")
    ran.clear()
    grading.grade(course, "tiny", ONE)
    assert (final(course), ran) == (5, ["anna"])


def test_the_best_counts_after_the_penalty(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    course = counting(course, "best")
    ran = pretend(monkeypatch, judge)
    for day, earned in ((1, 0.4), (2, 0.6), (3, 0.2), (9, 1.0)):
        hand_in(course, day, earned)
    hand_in(course, 1, 0.5, "boris")
    report = grading.grade(course, "tiny", ONE)
    assert sorted(ran) == ["anna"] * 4 + ["boris"]
    assert [(done.submission.student, done.score.final) for done in report.graded] == [
        ("anna", 3), ("boris", 2.5),
    ]  # fmt: skip
    assert final(course) == 3
    ran.clear()
    assert len(grading.grade(course, "tiny", ONE).unchanged) == 2
    hand_in(course, 4, 0.3)  # worse than what there is
    grading.grade(course, "tiny", ONE)
    assert (final(course), ran) == (3, ["anna"])


def test_another_attempt_becomes_the_best_without_running_it(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = counting(course, "best")
    ran = pretend(monkeypatch, judge)
    hand_in(course, 2, 0.6)
    hand_in(course, 9, 1.0)
    grading.grade(course, "tiny", ONE)
    ran.clear()
    late.extend(course, "tiny", ["anna"], days=3, reason="ill")
    grading.grade(course, "tiny", ONE)
    assert (final(course), ran) == (5, [])
    assert "Handed in 9 February 2027" in reporting.feedback(course, "tiny")[0].read_text()
    late.extend(course, "tiny", ["anna"], days=0, reason="a mistake")
    grading.grade(course, "tiny", ONE)
    assert (final(course), ran) == (3, [])


def test_all_attempts_are_graded_again_where_that_is_forced_or_a_test_changed(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = counting(course, "best")
    ran = pretend(monkeypatch, judge)
    hand_in(course, 1, 0.4)
    hand_in(course, 2, 0.6)
    grading.grade(course, "tiny", ONE)
    assert len(ran) == 2
    grading.grade(course, "tiny", replace(ONE, force=True))
    assert len(ran) == 4
    (course.autograder("tiny") / "conftest.py").write_text("")
    grading.grade(course, "tiny", ONE)
    assert len(ran) == 6
    assert final(course) == 3


def test_an_attempt_in_trouble_stops_neither_the_others_nor_the_run(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = counting(course, "best")

    def sometimes(job: Job) -> Result | Trouble:
        return trouble()(job) if "earned 0.4" in job.submission.path.read_text() else judge(job)

    ran = pretend(monkeypatch, sometimes)
    hand_in(course, 1, 0.4)
    hand_in(course, 2, 0.6)
    report = grading.grade(course, "tiny", ONE)
    assert (len(report.troubles), final(course), len(ran)) == (1, 3, 2)
    assert [
        one.student for one in grading.plan(course, "tiny").planned.values() for one in [one.submission]
    ] == ["anna"]
