"""The CSV that goes into spreadsheets."""

import csv
import io
from pathlib import Path

import pytest
from support import small_course as small

from nbjudge.gradebook import open_gradebook, read_grades, save_assignment
from nbjudge.reporting.grades_csv import format_csv, harmless


def test_csv(tmp_path: Path, database: None) -> None:
    with open_gradebook(small.make_course(tmp_path)) as book:
        save_assignment(book, book.course.assignments["lab"], small.released())
        tests = (small.passed("square", 0.1), small.passed("scale", 0.3))
        small.grade(book, small.make_result(timestamp=small.LATE, tests=tests))
        small.grade(book, small.make_result(student="=cmd|' /C calc'!A0".replace("'", "").replace("/", "")))
        text = format_csv(read_grades(book))
    first, second = list(csv.DictReader(io.StringIO(text)))
    assert first["student"].startswith("'=cmd")
    assert second == {
        "student": "anna", "assignment": "lab", "submitted": "2027-03-16T12:00:00+00:00",
        "square": "0.2", "scale": "0.9", "plots": "", "report": "",
        "score": "1.1", "late_penalty": "0.55", "final": "0.55", "max_score": "10",
        "status": "needs manual grading",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\tx", "\rx", "-", "=", "+7 999"])
def test_formulas_are_defused(text: str) -> None:
    assert harmless(text) == "'" + text.replace("\r", "\n")  # or csv would begin another cell there


def test_a_carriage_return_begins_no_row() -> None:
    """Python's csv.writer leaves it unquoted, and a spreadsheet would find a formula behind it."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerow([harmless("anna\r=1+1"), harmless("b\r\nc")])
    assert list(csv.reader(io.StringIO(file.getvalue(), newline=""))) == [["anna\n=1+1", "b\r\nc"]]


@pytest.mark.parametrize("text", ["-1", "-0.5", "17", "anna", "a=b", "", "Иванов"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert harmless(text) == text
