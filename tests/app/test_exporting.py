"""From a graded course to the files that go back to the LMS."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support import lms
from support.pretend import pretend
from support.tiny_course import answer, make_course

from nbjudge import cli
from nbjudge.app import grading, intake
from nbjudge.app.options import GradingOptions
from nbjudge.gradebook import open_gradebook, tables
from nbjudge.model import Course

WORKSHEET = """Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Last modified (grade)"
"Participant 11","Анна Петрова",anna@example.org,"Submitted for grading - ",-,6.00,-
"Participant 12","Boris Smirnov",boris@example.org,"Submitted for grading - ",-,6.00,-
"Participant 13","Zoe Ng",zoe@example.org,"No submission",-,6.00,-
"""


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """Two who handed in, one of whom nbgrader knows by name, and one who is only in the list."""
    course = make_course(tmp_path)
    for student in ("anna", "boris"):
        moment = datetime(2027, 2, 1, tzinfo=UTC)
        intake.submit(course, "tiny", student, "tiny.ipynb", answer(course, essay="YOUR ANSWER HERE"), moment)
    pretend(monkeypatch)
    grading.grade(course, "tiny", GradingOptions(jobs=1))
    with open_gradebook(course) as book, book.engine.begin() as connection:
        tables.update(
            connection,
            tables.student,
            "anna",
            first_name="Анна",
            last_name="Петрова",
            email="anna@example.org",
        )
    (course.gradebook / "students.csv").write_text(
        "id,name,email\nzoe,Zoe Ng,zoe@example.org\nboris,Boris Smirnov,\n"
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "worksheet.csv").write_text(WORKSHEET)
    return course


def mark_essays(course: Course) -> None:
    """What formgrader does: until then everybody waits for a person."""
    with open_gradebook(course) as book, book.engine.begin() as connection:
        connection.execute(tables.grade.update().values(needs_manual_grade=False))


def test_to_moodle_and_back(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("export", "tiny", "grades.csv", "--to", "moodle", "--template", "worksheet.csv")
    assert cli.main(arguments) == 1
    said = capsys.readouterr()
    assert "0 grades written to grades.csv" in said.out
    assert "left out, because they wait for a person: anna, boris" in said.err
    mark_essays(course)
    assert cli.main((*arguments, "--feedback", "feedback.zip")) == 0
    assert "2 grades written" in capsys.readouterr().out
    assert lms.moodle_worksheet(Path("grades.csv").read_bytes()) == {11: 5, 12: 5}
    pages = lms.moodle_feedback(Path("feedback.zip").read_bytes(), before_4_1=False)
    assert {number: name for number, (name, _) in pages.items()} == {11: "tiny.html", 12: "tiny.html"}
    assert b"5 of 6 points" in pages[11][1]
    assert Path("worksheet.csv").read_text() == WORKSHEET


def test_everybody_is_in_every_table(course: Course, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert cli.main(("export", "tiny", "--to", "csv")) == 0
    with (course.gradebook / "exports/tiny-csv.csv").open() as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert [(id_, row["name"], row["final"], row["status"]) for id_, row in rows.items()] == [
        ("anna", "Анна Петрова", "5", "needs manual grading"),
        ("boris", "Boris Smirnov", "5", "needs manual grading"),
        ("zoe", "Zoe Ng", "", "not submitted"),
    ]
    assert cli.main(("export", "tiny", "--to", "xlsx")) == 0
    assert (course.gradebook / "exports/tiny.xlsx").read_bytes().startswith(b"PK")
    capsysbinary.readouterr()
    assert cli.main(("export", "tiny", "-", "--to", "canvas", "--unfinished")) == 0
    students = {name: {"SIS Login ID": name} for name in ("anna", "boris", "zoe")}
    printed = capsysbinary.readouterr().out
    found = lms.canvas_gradebook(printed, {"assignments": {"1": "Tiny lab"}, "students": students})
    assert found == {"anna": "5", "boris": "5", "zoe": ""}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "canvas", "--feedback", "x.zip"), "--to moodle"),
        (("--to", "csv", "--template", "worksheet.csv"), "--template is for"),
        (("--to", "moodle", "--feedback", "x.zip"), "pass the grading worksheet with --template"),
        (("--to", "moodle", "--template", "nowhere.csv"), "nowhere.csv: can't be read"),
        ((), "--to"),
    ],
)
def test_what_does_not_go_together(
    course: Course, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(("export", "tiny", "out.csv", *arguments)) == 2
    assert said in capsys.readouterr().err
    assert not Path("x.zip").exists()
    assert not Path("out.csv").exists()
