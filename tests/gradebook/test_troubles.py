"""Troubles in both kinds of database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from support import small_course as small

from nbjudge.errors import CourseError
from nbjudge.gradebook import (
    Gradebook,
    forget_troubles,
    open_gradebook,
    read_gradebook,
    read_troubles,
    record_trouble,
    save_assignment,
)
from nbjudge.model import StoredTrouble, Submission

MONDAY = datetime(2027, 3, 8, 20, 15, tzinfo=UTC)
ANNA = Submission("lab", "anna", Path("lab.ipynb"), small.ON_TIME, "a" * 64)
BORIS = Submission("lab", "boris", Path("lab.ipynb"), small.ON_TIME, "b" * 64)


@pytest.fixture
def book(tmp_path: Path, database: None) -> Iterator[Gradebook]:
    with open_gradebook(small.make_course(tmp_path)) as book:
        save_assignment(book, book.course.assignments["lab"], small.released())
        yield book


def test_tries_are_counted_from_the_first(book: Gradebook) -> None:
    assert read_troubles(book, "lab") == []
    record_trouble(book, ANNA, "sandbox", "no walls", MONDAY)
    later = MONDAY.astimezone(timezone(timedelta(hours=3))) + timedelta(days=1)
    record_trouble(book, ANNA, "no_result", "a\0b ✗", later)
    assert read_troubles(book, "lab") == [
        StoredTrouble("anna", "lab", "a" * 64, "no_result", "a\\0b ✗", MONDAY, later.astimezone(UTC), 2)
    ]
    assert read_troubles(book, "other") == []


def test_another_attempt_begins_anew(book: Gradebook) -> None:
    record_trouble(book, ANNA, "sandbox", "no walls", MONDAY)
    record_trouble(book, ANNA, "sandbox", "no walls", MONDAY)
    record_trouble(book, replace(ANNA, sha256="c" * 64), "sandbox", "no walls", MONDAY + timedelta(days=1))
    (trouble,) = read_troubles(book, "lab")
    assert (trouble.sha256, trouble.tries, trouble.since) == ("c" * 64, 1, MONDAY + timedelta(days=1))


def test_earlier_attempts_are_forgotten_and_others_are_left_alone(book: Gradebook) -> None:
    record_trouble(book, ANNA, "sandbox", "no walls")
    record_trouble(book, BORIS, "sandbox", "no walls")
    forget_troubles(book, [ANNA])
    assert [one.student for one in read_troubles(book, "lab")] == ["anna", "boris"]
    forget_troubles(book, [replace(ANNA, sha256="c" * 64), replace(BORIS, assignment="other")])
    assert [one.student for one in read_troubles(book, "lab")] == ["boris"]


def test_recording_ends_a_trouble_and_no_other(book: Gradebook) -> None:
    record_trouble(book, ANNA, "sandbox", "no walls")
    record_trouble(book, BORIS, "sandbox", "no walls")
    small.grade(book, small.make_result("anna", sha256="a" * 64))
    assert [one.student for one in read_troubles(book, "lab")] == ["boris"]


def test_reading_makes_no_gradebook(tmp_path: Path, database: None) -> None:
    course = small.make_course(tmp_path)
    with read_gradebook(course) as book:
        assert book is None
    assert not course.gradebook.exists()
    with open_gradebook(course):
        pass
    with read_gradebook(course) as book:
        assert book is not None and read_troubles(book, "lab") == []


def test_reading_says_what_is_wrong(tmp_path: Path) -> None:
    course = small.make_course(tmp_path)
    course.gradebook.mkdir()
    (course.gradebook / "gradebook.db").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(CourseError, match=r"can't be opened.*not a database"), read_gradebook(course):
        pass
