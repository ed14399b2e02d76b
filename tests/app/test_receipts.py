"""Receipts on their way: printed when work is handed in, on the feedback page, and verified far from the course."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.pretend import pretend
from support.tiny_course import answer, make_course

from nbjudge import cli
from nbjudge.app import grading, intake, receipts, reporting
from nbjudge.app.options import GradingOptions
from nbjudge.errors import CourseError
from nbjudge.model import Course


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def hand_in(course: Course, data: bytes, day: int) -> intake.Receipt:
    moment = datetime(2027, 2, day, 12, 0, tzinfo=UTC)
    return intake.submit(course, "tiny", "anna", "tiny.ipynb", data, moment)


def test_each_attempt_has_its_receipt(course: Course) -> None:
    first, second = hand_in(course, answer(course), 1), hand_in(course, answer(course, total=""), 2)
    key = receipts.public_key(course)
    facts = [receipts.verify_receipt(receipts.sign_stored(course, one), key) for one in (first, second)]
    assert [(one.student, one.assignment, one.attempt, one.received.day) for one in facts] == [
        ("anna", "tiny", 1, 1),
        ("anna", "tiny", 2, 2),
    ]
    assert [one.sha256 for one in facts] == [first.sha256, second.sha256]
    assert receipts.signed_receipt(course, "tiny", "anna") == receipts.sign_stored(course, second)
    assert receipts.signed_receipt(course, "tiny", "anna", first.sha256) == receipts.sign_stored(
        course, first
    )
    again = hand_in(course, answer(course, total=""), 3)  # the same file again
    assert receipts.sign_stored(course, again) == receipts.sign_stored(course, second)
    third = hand_in(course, answer(course), 4)  # the first one's bytes once more
    assert receipts.verify_receipt(receipts.sign_stored(course, third), key).attempt == 3
    assert receipts.signed_receipt(course, "tiny", "anna") == receipts.sign_stored(course, third)
    with pytest.raises(CourseError, match="no submission of 'tiny': there is nothing"):
        receipts.signed_receipt(course, "tiny", "boris")
    with pytest.raises(CourseError, match="with SHA-256 abc"):
        receipts.signed_receipt(course, "tiny", "anna", "abc")


def test_the_page_carries_the_receipt_of_what_was_graded(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    graded = hand_in(course, answer(course), 1)
    pretend(monkeypatch)
    grading.grade(course, "tiny", GradingOptions(jobs=1))
    hand_in(course, answer(course, total=""), 2)  # not graded yet
    page = reporting.feedback(course, "tiny")[0].read_text("utf-8")
    facts = receipts.verify_receipt(page, receipts.public_key(course))
    assert (facts.attempt, facts.sha256) == (1, graded.sha256)


def test_the_commands(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(course.root)
    monkeypatch.setattr("nbjudge.cli.tables.console.width", 70)

    def run(*arguments: object) -> tuple[int, str]:
        code = cli.main([str(argument) for argument in arguments])
        return code, capsys.readouterr().out

    notebook = course.root / "mine.ipynb"
    notebook.write_bytes(answer(course))
    said = run("submit", notebook, "--student", "anna")[1]
    elsewhere = course.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "receipt.txt").write_text(said)
    public = Path(run("receipt", "key")[1].strip())
    assert run("receipt", "show", "anna", "tiny")[1].strip() in said
    assert run("receipt", "verify", elsewhere / "receipt.txt")[0] == 0
    monkeypatch.chdir("/")  # no course here or above
    options = ("--key", public, "--notebook", notebook)
    code, said = run("receipt", "verify", elsewhere / "receipt.txt", *options)
    assert code == 0 and "genuine: anna handed in tiny of tiny-course, attempt 1, at " in said
    notebook.write_bytes(answer(course, total=""))
    code, said = run("receipt", "verify", elsewhere / "receipt.txt", *options)
    assert code == 1 and "not verified: the receipt is genuine, but not about" in said
    forged = (elsewhere / "receipt.txt").read_text().replace("student: anna", "student: boris")
    (elsewhere / "receipt.txt").write_text(forged)
    assert run("receipt", "verify", elsewhere / "receipt.txt", "--key", public)[0] == 1
    assert cli.main(["receipt", "verify", str(elsewhere / "receipt.txt")]) == 2
    assert "no course_config.py" in capsys.readouterr().err


def test_what_was_laid_down_by_hand_has_one_too(course: Course) -> None:
    folder = course.gradebook / "submitted/boris/tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.ipynb").write_bytes(json.dumps({"cells": []}).encode())
    (folder / "timestamp.txt").write_text("2027-02-07 10:00:00.5 UTC")
    facts = receipts.verify_receipt(
        receipts.signed_receipt(course, "tiny", "boris"), receipts.public_key(course)
    )
    assert (facts.attempt, facts.received.isoformat()) == (1, "2027-02-07T10:00:00.500000+00:00")
