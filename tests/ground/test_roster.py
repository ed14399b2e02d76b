"""gradebook/students.csv: read, written, and wrong in ways that are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.handing_in import ROSTER, make_course

from nbjudge.errors import CourseError
from nbjudge.roster import Student, read_roster, roster_file, write_roster
from nbjudge.student_ids import canonical, fold, is_student_id


def test_the_roster_survives_the_round_trip_with_its_other_columns(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    assert read_roster(course) == ()
    students = (
        Student("a", "А, Б", "a@x.org", ("1", "2"), ("aa",), "g", "ru", {"note": 'ill, "sick"'}),
        Student("b"),
    )
    write_roster(course, reversed(students))
    assert read_roster(course) == (students[0], Student("b", extra={"note": ""}))
    assert roster_file(course).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name\nAnna\n", r"students\.csv: no column 'id'"),
        ("id\nanna\nAnna\n", r"line 3: 'Anna' is the student of line 2, too"),
        ("id\na b\n", r"line 2: id 'a b': use 1-64 letters"),
        ("id\n../x\n", r"line 2: id '\.\./x'"),
    ],
)
def test_a_wrong_roster_names_the_line(tmp_path: Path, text: str, reason: str) -> None:
    course = make_course(tmp_path, ROSTER)
    roster_file(course).write_text(text)
    with pytest.raises(CourseError, match=reason):
        read_roster(course)


def test_a_roster_that_is_no_text_is_one_error(tmp_path: Path) -> None:
    course = make_course(tmp_path, ROSTER)
    roster_file(course).write_bytes(b"id\n\xff\xfe\x00")
    with pytest.raises(CourseError, match=r"students\.csv cannot be read"):
        read_roster(course)


def test_one_name_has_one_spelling() -> None:
    assert canonical(" Й ") == "Й" and canonical("и\u0306") == "й"
    assert fold("ИВАНОВ") == fold("иванов") and fold("é") == fold("É")
    assert not is_student_id("и\u0306")  # decomposed, as macOS writes it: never a folder's name


@given(st.text(max_size=70))
def test_an_id_is_always_one_folder_below(text: str) -> None:
    if is_student_id(text):
        assert (
            Path("/x", text).parent == Path("/x")
            and text not in (".", "..")
            and not set(text) & set("/\\\0\n<>&\"'")
        )
        assert len(text.encode()) <= 255
