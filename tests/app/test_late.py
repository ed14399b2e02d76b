"""More time for students, as somebody gives it: whose, until when, what it does to grades, and that nothing runs for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.pretend import pretend
from support.tiny_course import answer, make_course

from nbjudge import cli
from nbjudge.app import grading, intake, late, reporting
from nbjudge.app.options import GradingOptions
from nbjudge.course import load_course
from nbjudge.errors import CourseError
from nbjudge.model import Course

ONE = GradingOptions(jobs=1)
IN_TIME = datetime(2027, 2, 7, 20, 59, 59, tzinfo=UTC)  # of the course's zone: 23:59:59
LATE = datetime(2027, 2, 9, 10, 0, tzinfo=UTC)


def settings(course: Course, more: str = "", **assignment: Any) -> Course:
    """The course after an edit of its course_config.py."""
    path = course.root / "course_config.py"
    text = path.read_text()
    for name, value in assignment.items():
        text = text.replace('"title": {', f'"{name}": {value!r}, "title": {{', 1)
    path.write_text(text + more)
    return load_course(course.root)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Its deadlines are 7 and 13 February 2027."""
    make_course(tmp_path)
    path = tmp_path / "course_config.py"
    text = path.read_text().replace("2100-03-14", "2027-02-07").replace("2100-03-20", "2027-02-13")
    path.write_text(text)
    return load_course(tmp_path)


def hand_in(course: Course, student: str, moment: datetime) -> intake.Receipt:
    return intake.submit(course, "tiny", student, "tiny.ipynb", answer(course), moment)


def finals(course: Course) -> dict[str, float]:
    return {row.student: row.final for row in reporting.grades(course, "tiny")}


@pytest.fixture
def graded(course: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    for student, moment in (("anna", LATE), ("boris", LATE), ("vera", IN_TIME)):
        hand_in(course, student, moment)
    pretend(monkeypatch)
    grading.grade(course, "tiny", ONE)
    return course


def test_a_day_until_midnight_lasts_until_its_last_second(graded: Course) -> None:
    assert finals(graded) == {"anna": 2.5, "boris": 2.5, "vera": 5}


def test_an_extension_says_what_it_does_and_does_it(graded: Course) -> None:
    [tried] = late.extend(graded, "tiny", ["anna"], days=7, reason="ill", dry_run=True)
    assert finals(graded)["anna"] == 2.5
    assert late.extensions(graded) == []
    [done] = late.extend(graded, "tiny", ["anna"], days=7, reason="ill", by="ta")
    assert done == tried
    assert (done.final_before, done.final_after, done.known) == (2.5, 5, True)
    assert f"{done.before:%m-%d %H:%M} {done.after:%m-%d %H:%M}" == "02-07 23:59 02-14 23:59"
    assert finals(graded) == {"anna": 5, "boris": 2.5, "vera": 5}
    [(kept, counts)] = late.extensions(graded, "tiny")
    assert (kept.student, kept.by, kept.reason, counts) == ("anna", "ta", "ill", True)


def test_moving_a_deadline_runs_nobodys_code(graded: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = pretend(monkeypatch)
    moved = settings(graded, late_factor=0.8)
    assert finals(moved) == {"anna": 4, "boris": 4, "vera": 5}
    path = moved.root / "course_config.py"
    path.write_text(path.read_text().replace("2027-02-07", "2027-02-09"))
    moved = load_course(moved.root)
    assert finals(moved) == {"anna": 5, "boris": 5, "vera": 5}
    report = grading.grade(moved, "tiny", ONE)
    assert (ran, report.graded, len(report.unchanged)) == ([], (), 3)
    page = reporting.feedback(moved, "tiny", ["anna"])[0].read_text()
    assert "5 of 6 points" in page


def test_an_extension_is_seen_by_the_receipt_and_by_the_next_grading(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [note.kind for note in hand_in(course, "anna", LATE).warnings] == ["late"]
    late.extend(course, "tiny", ["anna"], until="2027-02-10", reason="ill")
    assert hand_in(course, "anna", LATE).warnings == ()
    [warning] = hand_in(course, "boris", datetime(2027, 3, 1, tzinfo=UTC)).warnings
    assert warning.kind == "too_late"
    pretend(monkeypatch)
    graded = {done.submission.student: done.score.final for done in grading.grade(course, "tiny", ONE).graded}
    assert graded == {"anna": 5, "boris": 0}


def test_late_days_are_spent_and_told(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    course = settings(course, "late_days = 3\n")
    hand_in(course, "anna", LATE)
    pretend(monkeypatch)
    [done] = grading.grade(course, "tiny", ONE).graded
    assert done.score.late is not None
    assert (done.score.late.bank, done.score.final) == (2, 5)
    page = reporting.feedback(course, "tiny")[0].read_text()
    assert "All points count: handed in 1 day, 13 hours after the deadline" in page
    assert "late days spent: 2" in page


def test_feedback_waits_for_whoever_may_still_hand_in(graded: Course) -> None:
    course = settings(graded, feedback="after_hard_deadline")
    days = (datetime.now(UTC) - course.assignments["tiny"].hard_deadline) / timedelta(days=1)
    if days < 0:  # before the deadlines of this course nobody sees anything
        with pytest.raises(CourseError, match="feedback opens"):
            reporting.feedback(course, "tiny")
        path = course.root / "course_config.py"
        text = path.read_text().replace("2027-02-07", "2020-02-07").replace("2027-02-13", "2020-02-13")
        path.write_text(text)
        course = load_course(course.root)
        days = (datetime.now(UTC) - course.assignments["tiny"].hard_deadline) / timedelta(days=1)
    late.extend(course, "tiny", ["anna"], days=days + 2, reason="ill")
    assert [path.parts[-3] for path in reporting.feedback(course, "tiny")] == ["boris", "vera"]
    with pytest.raises(CourseError, match=r"anna.*hand in until"):
        reporting.feedback(course, "tiny", ["anna"])


def test_a_group_is_whoever_is_in_it_now(graded: Course) -> None:
    (graded.gradebook / "students.csv").write_text(
        "id,name,email,group\nboris,Борис,b@example.org,evening; second\ndora,Дора,,evening\n"
    )
    done = late.extend(graded, "tiny", ["anna"], ["evening"], days=7, reason="a power cut")
    assert [(one.student, one.final_after) for one in done] == [("anna", 5), ("boris", 5), ("dora", None)]
    assert len(late.extensions(graded)) == 3
    with pytest.raises(CourseError, match="no student is in a group 'morning'; there is: evening, second"):
        late.extend(graded, "tiny", groups=["morning"], days=1, reason="x")


@pytest.mark.parametrize(
    ("students", "options", "said"),
    [
        (["ana"], {"days": 1}, "no student 'ana'; did you mean 'anna'"),
        (["../anna"], {"days": 1}, "student id"),
        ([], {"days": 1}, "who gets it"),
        (["anna"], {}, "--days or --until"),
        (["anna"], {"days": 1, "until": "2027-02-10"}, "--days or --until"),
        (["anna"], {"days": float("nan")}, "due at 2027-02-07 23:59: an extension lasts from 0 to 3650 days"),
        (["anna"], {"until": "2072-02-10"}, "from 0 to 3650 days"),
        (["anna"], {"until": "2027-02-01"}, "from 0 to 3650 days"),
        (["anna"], {"until": "tomorrow"}, "--until: 'tomorrow' is not 'YYYY-MM-DD HH:MM'"),
        (["anna"], {"days": 1, "reason": " "}, "--reason"),
    ],
)
def test_what_can_not_be_an_extension(
    graded: Course, students: list[str], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(CourseError, match=said):
        late.extend(graded, "tiny", students, **{"reason": "ill", **options})
    assert late.extensions(graded) == []


def test_the_commands(
    graded: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(graded.root)
    monkeypatch.setattr("nbjudge.cli.tables.console.width", 120)

    def run(*arguments: str) -> str:
        assert cli.main(arguments) == 0
        return capsys.readouterr().out

    assert "no extensions" in run("extensions")
    tried = run("extend", "anna", "boris", "tiny", "--days", "7", "--reason", "ill", "--dry-run")
    assert "anna: tiny until 2027-02-14 23:59 MSK (before: 2027-02-07 23:59); 2.5 → 5 points" in tried
    assert "nothing was changed" in tried
    run("extend", "anna", "tiny", "--until", "2027-02-14 18:00", "--reason", "[ill]", "--by", "ta")
    said = run("extend", "zoe", "tiny", "--days", "3", "--reason", "new here")
    assert "zoe" in said and "has not handed in anything yet" in said
    listed = run("extensions", "tiny")
    assert "2027-02-14 18:00" in listed and "[ill]" in listed and "zoe" in listed
    assert cli.main(["extend", "anna", "tiny", "--days", "3"]) == 2
    assert "--reason" in capsys.readouterr().err
    assert cli.main(["extend", "anna", "--days", "3", "--reason", "x"]) == 2
    assert "which assignment? 'anna' is none" in capsys.readouterr().err


# What course_config.py may say


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('extensions = {"anna": {"tiny": "2027-02-10 23:59"}}', r"no setting 'extensions'.*nbjudge extend"),
        ('tymezone = "Europe/Moscow"', r"no setting 'tymezone'; did you mean 'timezone'\?.*begins with _"),
        ("late_days = -1", "'late_days' must be a whole number of days, not -1"),
        ("late_days = True", "'late_days' must be a whole number"),
        ("whatever = 1", "no setting 'whatever'; there is: course_id"),
    ],
)
def test_a_setting_that_nobody_reads_is_an_error(course: Course, more: str, said: str) -> None:
    with pytest.raises(CourseError, match=said):
        settings(course, more + "\n")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            {"late_faktor": 0.5},
            r"assignments\['tiny'\]: no setting 'late_faktor'; did you mean 'late_factor'",
        ),
        ({"late_factor": 2}, "'late_factor' must be a number from 0 to 1, not 2"),
        ({"late_factor": "half"}, "'late_factor' must be a number from 0 to 1, not 'half'"),
        ({"late_factor": 0.5, "late_per_day": 0.1}, "not both"),
        ({"late_per_day": -0.1}, "'late_per_day' must be a number from 0 to 1"),
        ({"grace_minutes": -5}, "'grace_minutes' must be a number from 0 to 100000"),
        ({"self_service_days": 10_000}, "'self_service_days' must be a whole number of days"),
        ({"grace_minutes": 1e9}, "must be a number from 0 to 100000"),
        ({"self_service_days": 1.5}, "'self_service_days' must be a whole number of days"),
        ({"counts": "worst"}, "'last', 'last_in_time', 'best', not 'worst'"),
    ],
)
def test_a_policy_that_can_not_be(course: Course, setting: dict[str, Any], said: str) -> None:
    with pytest.raises(CourseError, match=said):
        settings(course, **setting)


def test_helpers_of_the_configuration_are_no_settings(course: Course) -> None:
    more = (
        "from datetime import timedelta\nimport os\n_week = timedelta(days=7)\ndef twice(x): return 2 * x\n"
    )
    course = settings(course, more, late_per_day=0.1, grace_minutes=15, self_service_days=7, late_days=2)
    policy = course.assignments["tiny"].late
    assert (policy.per_day, policy.grace, policy.self_service, policy.most_late_days) == (
        0.1,
        timedelta(minutes=15),
        7,
        2,
    )
