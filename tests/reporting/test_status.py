"""`nbjudge status`: what it counts, and that it only looks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.pretend import passes, pretend, trouble
from support.tiny_course import answer, make_course, submit

from nbjudge import cli
from nbjudge.app import grading, reporting
from nbjudge.app.options import GradingOptions
from nbjudge.errors import CourseError, SandboxError
from nbjudge.model import Course
from nbjudge.reporting.status import AssignmentStatus, SlowTest

ONE = GradingOptions(jobs=1)
RUSTY = "def double(x):\n    return 3 * x"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nbjudge.cli.tables.console.width", 80)
    return make_course(tmp_path)


def status(course: Course) -> AssignmentStatus:
    (found,) = reporting.status(course, "tiny")
    return found


def test_before_anything_was_handed_in(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert reporting.status(course) == [AssignmentStatus("tiny", 0, 0, (), (), (), (), ())]
    assert cli.main(["status"]) == 0 and cli.main(["status", "tiny"]) == 0
    assert "nothing was handed in" in capsys.readouterr().out
    assert not course.gradebook.exists()


def test_before_anything_was_graded(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    submit(course, anna=answer(course), boris=answer(course))
    assert status(course) == AssignmentStatus("tiny", 2, 0, ("anna", "boris"), (), (), (), ())
    assert cli.main(["status"]) == 0
    assert "`nbjudge grade tiny` grades 2 (2 new)" in capsys.readouterr().out
    assert not (course.gradebook / "gradebook.db").exists()


def test_everything_at_once(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(course, anna=answer(course), boris=answer(course), gleb=answer(course), vera=answer(course))
    pretend(
        monkeypatch,
        anna=lambda job: passes(job, seconds=1.5),
        boris=trouble("worker_died", "the grading worker died twice on this submission"),
    )
    for _ in range(2):
        grading.grade(course, "tiny", ONE)
    submit(course, gleb=answer(course, double=RUSTY), dina=answer(course))
    found = status(course)
    assert (found.submitted, found.graded, found.new, found.changed) == (5, 2, ("boris", "dina"), ("gleb",))
    assert found.by_hand == ("anna", "gleb", "vera")  # the essay
    assert [(one.student, one.kind, one.tries) for one in found.troubles] == [("boris", "worker_died", 2)]
    assert found.slowest == (
        SlowTest("double", "test_doubles", 0.1, 1.5),
        SlowTest("double", "test_doubles_negative", 0.1, 1.5),
        SlowTest("total", "test_total", 0.1, 1.5),
    )
    assert found.to_grade == 3 and found.refused is None
    assert cli.main(["status", "tiny"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    printed = " ".join(" ".join(lines).split())
    assert "grades 3 (2 new and 1 changed, 1 of them once more after trouble)" in printed
    assert "trouble boris: its worker died twice; 2 tries since" in printed
    assert "for a person, in formgrader: anna, gleb, vera" in printed
    assert "0.10 1.50 test_doubles (double)" in printed


def test_when_all_is_done(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(course, anna=answer(course))
    pretend(monkeypatch)
    grading.grade(course, "tiny", ONE)
    assert cli.main(["status"]) == 0
    assert "everything is graded" in capsys.readouterr().out
    (course.autograder("tiny") / "test_tiny.py").write_text("")
    assert status(course).changed == ("anna",)


@pytest.mark.parametrize("what", ["release", "walls"])
def test_what_keeps_an_assignment_from_being_graded(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    submit(course, anna=answer(course), boris=answer(course))
    pretend(monkeypatch, boris=trouble())
    grading.grade(course, "tiny", ONE)
    if what == "release":
        (course.release("tiny") / "tiny.ru.ipynb").unlink()
    else:

        def none(*_: object) -> None:
            raise SandboxError("no walls: see [nbjudge doctor]")

        monkeypatch.setattr("nbjudge.sandbox.pick_jail", none)
    found = status(course)
    assert found.refused and {"release": "nbjudge release", "walls": "no walls"}[what] in found.refused
    assert (found.graded, found.new, found.to_grade) == (1, ("boris",), 0)
    assert cli.main(["status"]) == 1
    assert "would refuse" in capsys.readouterr().out
    with pytest.raises((CourseError, SandboxError)):
        grading.plan(course, "tiny")


def test_a_result_of_another_version_is_passed_over(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(course, anna=answer(course), boris=answer(course))
    pretend(monkeypatch)
    grading.grade(course, "tiny", ONE)
    (course.gradebook / "results/anna/tiny.json").write_text('{"schema": "nbjudge.result/0"}')
    (course.gradebook / "results/boris/tiny.json").write_text("{")
    assert status(course).slowest == () and status(course).graded == 2


def test_what_is_graded_otherwise_counts_as_changed(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(course, anna=answer(course))
    pretend(monkeypatch)
    without = replace(ONE, isolation="none")
    grading.grade(course, "tiny", without)
    assert status(course).changed == ("anna",)
    assert reporting.status(course, "tiny", without)[0].graded == 1


def test_a_message_cannot_command_the_terminal(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(course, anna=answer(course))
    pretend(
        monkeypatch,
        trouble("failed", "nbjudge failed:\nTraceback (most recent call last):\n[red]\x1b[2J\u202e"),
    )
    grading.grade(course, "tiny", ONE)
    assert cli.main(["status"]) == 1
    printed = capsys.readouterr().out
    assert "an error in nbjudge; 1 try since" in printed and "[red]?[2J?" in printed
    assert "\x1b" not in printed and "\u202e" not in printed
