"""Times that other programs wrote, deadlines included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.courses import assignment, write_course
from support.handing_in import HARD, SOLVED, make_course

from nbjudge.intake.moments import in_zone, parse_moment
from nbjudge.intake.store import format_timestamp, read_submissions
from nbjudge.lateness import is_over
from nbjudge.model import Course

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
EVENING = datetime(2027, 2, 7, 20, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2027-02-07 20:58:00.000000 UTC", "2027-02-07 20:58:00 GMT", "2027-02-07T20:58:00Z", "2027-02-07 23:58",
        "2027-02-07 23:58:00 MSK", "2027-02-07 23:58:00 Europe/Moscow", "2027-02-07 21:58:00 CET",
        "2027-02-07 17:58:00.000000 -03", "2027-02-07 23:58:00 +0300", "2027-02-07 12:58:00 America/Los_Angeles",
        "Sunday, 7 February 2027, 11:58 PM", "воскресенье, 7 февраля 2027, 23:58", "7. Februar 2027, 23:58",
        "Feb 7, 2027 at 11:58pm", "domingo, 7 de febrero de 2027, 23:58",
    ],
)  # fmt: skip
def test_a_time_is_read_with_its_zone(text: str) -> None:
    assert parse_moment(text, MOSCOW) == EVENING


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2027-02-07 23:58:00 PST", "the zone 'PST' is not known"),
        ("2027-02-07 23:58:00 XYZ", "the zone 'XYZ' is not known"),
        ("02/07/2027 23:58", "is not a time that can be read"),
        ("yesterday", "is not a time that can be read"),
        ("", "is not a time that can be read"),
        ("2027-02-30 10:00", "day is out of range"),
        ("31 February 2027, 10:00", "day is out of range"),
        ("2027-02-07 23:58:00 ../../etc/passwd", "is not known"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_moment(text, MOSCOW)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)))
def test_our_own_times_survive(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    assert parse_moment(format_timestamp(moment), BERLIN) == moment


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)))
def test_a_wall_clocks_time_is_the_later_of_what_it_may_mean(naive: datetime) -> None:
    moment = in_zone(naive, BERLIN).astimezone(UTC)
    assert all(moment >= naive.replace(tzinfo=BERLIN, fold=fold).astimezone(UTC) for fold in (0, 1))
    assert moment - naive.replace(tzinfo=BERLIN).astimezone(UTC) <= timedelta(hours=1)


# Deadlines


def course_of(folder: Path, zone: str, deadline: str) -> Course:
    hw = assignment("HW", {"f": 1}, soft_deadline=deadline, hard_deadline=deadline)
    return write_course(folder, {"hw": hw}, {}, timezone=zone)


@pytest.mark.parametrize(
    ("zone", "deadline", "last", "told"),
    [
        ("Europe/Moscow", "2027-02-07 23:59", datetime(2027, 2, 7, 20, 59, 59, 999_999, UTC), False),
        (
            "Europe/Berlin",
            "2027-10-31 02:30",
            datetime(2027, 10, 31, 1, 30, 59, 999_999, UTC),
            True,
        ),  # comes twice
        (
            "Europe/Berlin",
            "2027-03-28 02:30",
            datetime(2027, 3, 28, 1, 30, 59, 999_999, UTC),
            True,
        ),  # never comes
    ],
)
def test_a_deadline_lasts_to_the_end_of_its_minute_and_the_later_time_counts(
    tmp_path: Path, zone: str, deadline: str, last: datetime, told: bool
) -> None:
    course = course_of(tmp_path, zone, deadline)
    deadline_of_it = course.assignments["hw"].soft_deadline
    assert not is_over(deadline_of_it, last) and is_over(deadline_of_it, last + timedelta(microseconds=1))
    assert bool(course.notes) == told
    if told:
        assert f"clocks change around {deadline}" in course.notes[0]


# timestamp.txt


def by_hand(course: Course, text: str | None) -> None:
    folder = course.gradebook / "submitted/anna/hw"
    folder.mkdir(parents=True)
    (folder / "hw.ipynb").write_bytes(SOLVED)
    if text is not None:
        (folder / "timestamp.txt").write_text(text)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2027-02-07 23:58:00 MSK", EVENING),
        ("2027-02-07 20:58:00", EVENING),  # nbgrader writes UTC where it names no zone
        ("2027-02-07 17:58:00.000000 -03", EVENING),
    ],
)
def test_a_timestamp_that_nbgrader_wrote(tmp_path: Path, text: str, when: datetime) -> None:
    course = make_course(tmp_path)
    by_hand(course, text)
    [submission] = read_submissions(course, "hw")
    assert (submission.timestamp, submission.time_known, submission.problem) == (when, True, "")


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_without_a_timestamp_nobody_is_late(tmp_path: Path, text: str | None) -> None:
    course = make_course(tmp_path)
    by_hand(course, text)
    [submission] = read_submissions(course, "hw")
    assert submission.timestamp <= course.assignments["hw"].soft_deadline
    assert (submission.time_known, submission.problem) == (False, "")


def test_a_timestamp_that_cannot_be_read_is_trouble_of_its_own(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    by_hand(course, "02/07/2027 23:58")
    [submission] = read_submissions(course, "hw")
    assert "submitted/anna/hw/timestamp.txt: '02/07/2027 23:58' is not a time" in submission.problem
    assert HARD in str(course.assignments["hw"].hard_deadline)


def test_status_names_who_has_no_time_and_whose_folder_is_no_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from nbjudge import cli

    course = make_course(tmp_path)
    by_hand(course, None)
    (course.gradebook / "submitted/Ann Smith/hw").mkdir(parents=True)
    assert cli.main(["--course", str(course.root), "status", "hw", "--isolation", "none"]) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "unknown time, counted as in time: anna" in printed
    assert "no student's id: Ann Smith" in printed
