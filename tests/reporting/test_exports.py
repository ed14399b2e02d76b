"""Grades on their way back: who gets which, read by the LMS's own rules; what stays untouched, and what is refused."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import lms

from nbjudge.errors import CourseError
from nbjudge.model import GradeRow
from nbjudge.reporting.exports import EXPORTS, ExportRow, Wanted, export_feedback
from nbjudge.reporting.exports.template import Person, read_template

MOMENT = datetime(2027, 2, 7, 12, 0, tzinfo=UTC)


def grade(student: str, final: float, status: Any = "graded") -> GradeRow:
    return GradeRow(student, "tensors", MOMENT, {"a": final + 1, "b": None}, final + 1, 1, final, 10, status)


ROWS = [
    ExportRow(Person("anna", "Анна Петрова", "anna@example.org", ("501",)), grade("anna", 7.25)),
    ExportRow(Person("boris", "Boris Smirnov", "boris@example.org", ("502",)), grade("boris", 0)),
    ExportRow(Person("dora", "Dora Lee", "dora@example.org"), grade("dora", 3, "needs manual grading")),
    ExportRow(Person("zoe", "Zoe Ng", "zoe@example.org")),
]
WANTED = Wanted("tensors", ("Tensors", "Тензоры"), 10)
WORKSHEET = """Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed","Last modified (submission)","Online text","Last modified (grade)","Feedback comments"
"Participant 4711","Анна Петрова",anna@example.org,"Submitted for grading - ",,10.00,Yes,"Sunday, 7 February 2027, 3:00 PM",,-,
"Participant 4712","Boris Smirnov",boris@example.org,"Submitted for grading - ",5.00,10.00,Yes,"Sunday, 7 February 2027, 3:00 PM","=HYPERLINK(""x"")","Monday, 8 February 2027, 3:00 PM","- good
- short"
"Participant 4713","Dora Lee",dora@example.org,"Submitted for grading - ",4.00,10.00,Yes,-,,-,
"Participant 4714","Zoe Ng",zoe@example.org,"No submission",,10.00,Yes,-,,-,
"Participant 4715","Not Ours",other@example.org,"No submission",2.00,10.00,Yes,-,,-,
"""  # fmt: skip
GRADEBOOK = """Student,ID,SIS User ID,SIS Login ID,Section,Intro (900),Tensors (901),Current Score
,,,,,Manual Posting,,
    Points Possible,,,,,5.00,10.00,(read only)
"Петрова, Анна",501,anna,anna@example.org,A,4.00,,80
"Smirnov, Boris",502,boris,boris@example.org,A,4.00,1.50,80
"Lee, Dora",503,dora,dora@example.org,A,4.00,2.50,80
"Ng, Zoe",504,zoe,zoe@example.org,A,4.00,6.00,80
"Ours, Not",505,not,not@example.org,A,4.00,9.00,80
"Student, Test",506,,x,A,,,
"""
CANVAS = {
    "assignments": {"901": "Tensors"},
    "students": {
        name: {"ID": str(501 + n), "SIS User ID": id_, "SIS Login ID": f"{id_}@example.org"}
        for n, (name, id_) in enumerate(
            [("Петрова, Анна", "anna"), ("Smirnov, Boris", "boris"), ("Lee, Dora", "dora"),
             ("Ng, Zoe", "zoe"), ("Ours, Not", "not")]
        )
    } | {"Student, Test": {"ID": "506"}},
}  # fmt: skip


def template(tmp_path: Path, text: str | bytes, **more: Any) -> Wanted:
    path = tmp_path / "template.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return replace(WANTED, template=read_template(path), **more)


def cells(data: bytes, delimiter: str = ",") -> list[list[str]]:
    text = io.StringIO(data.decode("utf-8-sig"), newline="")
    return list(csv.reader(text, delimiter=delimiter))


# Moodle


def test_a_worksheet_gets_its_grades_and_nothing_else(tmp_path: Path) -> None:
    done = EXPORTS["moodle"](ROWS, template(tmp_path, WORKSHEET))
    assert lms.moodle_worksheet(done.data) == {4711: 7.25, 4712: 0, 4713: 4, 4715: 2}
    assert done.grades == 2
    assert done.notices == (
        "left out, because they wait for a person: dora (--unfinished exports what they have)",
    )
    before, after = cells(WORKSHEET.encode()), cells(done.data)
    changed = [
        (n, before[0][m]) for n, row in enumerate(after) for m, cell in enumerate(row) if cell != before[n][m]
    ]
    assert changed == [(1, "Grade"), (2, "Grade"), (2, "Online text")]
    assert after[2][8] == '\'=HYPERLINK("x")'
    assert after[2][-1] == "- good\n- short"  # a teacher's words, which Moodle imports again


def test_a_russian_worksheet(tmp_path: Path) -> None:
    text = """Идентификатор,"Полное имя","Адрес электронной почты",Состояние,Оценка,"Максимальная оценка","Последнее изменение (оценка)"
"Участник 4711","Анна Петрова",ANNA@example.org,"Ответы для оценки - ",-,"10,00",-
"""
    done = EXPORTS["moodle"](
        ROWS[:1], template(tmp_path, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    )
    assert lms.moodle_worksheet(done.data, "ru") == {4711: 7.25}
    assert done.data.startswith(b"\xef\xbb\xbf") and done.data.count(b"\r\n") == 2
    assert done.notices == ()


def test_what_moodle_would_silently_pass_over_is_said(tmp_path: Path) -> None:
    text = WORKSHEET.replace("10.00", "5.00", 1).replace(",Yes,", ",No,", 2).replace(",No,", ",Yes,", 1)
    done = EXPORTS["moodle"](ROWS, template(tmp_path, text))
    said = "\n".join(done.notices)
    assert "the maximum grade in Moodle is 5.00, the assignment has 10 points" in said
    assert "can't be changed: boris" in said
    assert lms.moodle_worksheet(done.data) == {4711: 7.25, 4712: 5, 4713: 4, 4715: 2}


def test_who_is_missing_in_the_worksheet_is_named(tmp_path: Path) -> None:
    text = "\n".join(line for line in WORKSHEET.split("\n") if "4711" not in line)
    assert (
        "graded, but not found in the template: anna"
        in EXPORTS["moodle"](ROWS, template(tmp_path, text)).notices
    )


def test_without_a_worksheet_the_gradebooks_import_takes_everybody() -> None:
    done = EXPORTS["moodle"](ROWS, WANTED)
    grades = lms.moodle_gradebook(done.data, "Username", "Tensors")
    assert grades == {"anna": 7.25, "boris": 0, "dora": None, "zoe": None}
    assert lms.moodle_gradebook(done.data, "Email address", "Tensors")["anna@example.org"] == 7.25
    unfinished = EXPORTS["moodle"](ROWS, replace(WANTED, unfinished=True))
    assert lms.moodle_gradebook(unfinished.data, "Username", "Tensors")["dora"] == 3


@pytest.mark.parametrize("before_4_1", [False, True])
def test_feedback_goes_to_participants_in_every_version_of_moodle(tmp_path: Path, before_4_1: bool) -> None:
    text = WORKSHEET.replace('"Boris Smirnov"', '"Boris_../Smir:nov"')
    pages = {"anna": b"<p>anna", "boris": b"<p>boris"}
    done = export_feedback(ROWS, template(tmp_path, text), pages)
    assert lms.moodle_feedback(done.data, before_4_1=before_4_1) == {
        4711: ("tensors.html", b"<p>anna"), 4712: ("tensors.html", b"<p>boris"),
    }  # fmt: skip
    assert done.grades == 2
    assert done.notices == ("no feedback page yet: dora",)
    assert all(".." not in name.split("/") for name in zipfile.ZipFile(io.BytesIO(done.data)).namelist())


def test_feedback_needs_the_worksheet() -> None:
    with pytest.raises(CourseError, match="--template"):
        export_feedback(ROWS, WANTED, {})


# Canvas


def test_a_gradebook_gets_one_column_and_keeps_the_rest(tmp_path: Path) -> None:
    done = EXPORTS["canvas"](ROWS, template(tmp_path, GRADEBOOK))
    found = lms.canvas_gradebook(done.data, CANVAS)
    assert {name: cell for name, cell in found.items() if cell} == {
        "Петрова, Анна": "7.25", "Smirnov, Boris": "0", "Lee, Dora": "2.50", "Ng, Zoe": "6.00", "Ours, Not": "9.00",
    }  # fmt: skip
    before, after = cells(GRADEBOOK.encode()), cells(done.data)
    changed = [(n, m) for n, row in enumerate(after) for m, cell in enumerate(row) if cell != before[n][m]]
    assert changed == [(3, 6), (4, 6)]


def test_a_semicolon_gradebook_stays_one(tmp_path: Path) -> None:
    text = GRADEBOOK.replace(", ", "§").replace(",", ";").replace("§", ", ").replace("10.00", "10,00")
    done = EXPORTS["canvas"](ROWS, template(tmp_path, text))
    assert lms.canvas_gradebook(done.data, CANVAS)["Петрова, Анна"] == "7.25"
    assert done.notices == (
        "left out, because they wait for a person: dora (--unfinished exports what they have)",
    )


def test_other_points_and_unassigned_students_are_said(tmp_path: Path) -> None:
    text = GRADEBOOK.replace("5.00,10.00,", "5.00,100.00,").replace("A,4.00,1.50", "A,4.00,N/A")
    done = EXPORTS["canvas"](ROWS, template(tmp_path, text))
    said = "\n".join(done.notices)
    assert "Canvas has 100.00 points for 'Tensors (901)', the assignment 10" in said
    assert "not assigned to them in Canvas, so it would take no grade: boris" in said


def test_canvas_own_numbers_are_not_taken_for_our_ids(tmp_path: Path) -> None:
    """A course whose ids are numbers, too: 502 is somebody else in Canvas."""
    rows = [ExportRow(Person("502", "Анна Петрова"), grade("502", 9))]
    done = EXPORTS["canvas"](rows, template(tmp_path, GRADEBOOK))
    found = lms.canvas_gradebook(done.data, CANVAS)
    assert (found["Петрова, Анна"], found["Smirnov, Boris"]) == ("9", "1.50")  # by the name


def test_a_new_gradebook_finds_students_by_their_login() -> None:
    rows = [replace(row, person=replace(row.person, lms_ids=())) for row in ROWS]
    course = {
        "assignments": {"901": "Tensors"},
        "students": {f"Person {row.student}": {"SIS Login ID": row.student} for row in rows},
    }
    done = EXPORTS["canvas"](rows, WANTED)
    assert lms.canvas_gradebook(done.data, course) == {
        "Person anna": "7.25", "Person boris": "0", "Person dora": "", "Person zoe": "",
    }  # fmt: skip
    assert cells(done.data)[1] == ["    Points Possible", "", "", "", "10"]


# Whose is whose


def test_two_who_could_be_meant_get_nothing(tmp_path: Path) -> None:
    rows = [
        *ROWS,
        ExportRow(Person("anna2", "Anna Two", "anna@example.org"), grade("anna2", 10)),
        ExportRow(Person("x1", "Same Name"), grade("x1", 1)),
        ExportRow(Person("x2", "Same Name"), grade("x2", 2)),
    ]
    text = WORKSHEET + '"Participant 4720","Same Name",,-,,10.00,Yes,-,,-,\n'
    done = EXPORTS["moodle"](rows, template(tmp_path, text))
    assert 4711 not in lms.moodle_worksheet(done.data)
    assert 4720 not in lms.moodle_worksheet(done.data)
    said = "\n".join(done.notices)
    assert "the row of 'Participant 4711' could be anna or anna2: not filled in" in said
    assert "the row of 'Participant 4720' could be x1 or x2" in said
    assert "graded, but not found in the template: anna, anna2, x1, x2" in said


def test_two_rows_of_one_student_get_nothing(tmp_path: Path) -> None:
    text = WORKSHEET + '"Participant 4721","Other Anna",anna@example.org,-,,10.00,Yes,-,,-,\n'
    done = EXPORTS["moodle"](ROWS, template(tmp_path, text))
    assert "anna is in several rows: none is filled in" in done.notices
    assert not {4711, 4721} & lms.moodle_worksheet(done.data).keys()


def test_names_decide_only_where_nothing_else_does(tmp_path: Path) -> None:
    text = WORKSHEET.replace("anna@example.org", "").replace("Анна Петрова", "Петрова  анна")
    done = EXPORTS["moodle"](ROWS, template(tmp_path, text))
    assert lms.moodle_worksheet(done.data)[4711] == 7.25
    text = text.replace("Not Ours", "Анна Петрова")
    assert 4711 not in lms.moodle_worksheet(EXPORTS["moodle"](ROWS, template(tmp_path, text)).data)


def test_columns_by_other_names_are_named(tmp_path: Path) -> None:
    text = "Kennung,Konto,Bewertung\nX 1,anna,\nX 2,boris,\n"
    with pytest.raises(CourseError, match=r"--column: Kennung, Konto, Bewertung"):
        EXPORTS["moodle"](ROWS, template(tmp_path, text))
    with pytest.raises(CourseError, match=r"--match: Kennung, Konto, Bewertung"):
        EXPORTS["moodle"](ROWS, template(tmp_path, text, column="Bewertung"))
    with pytest.raises(CourseError, match="--match: no column 'Login'"):
        EXPORTS["moodle"](ROWS, template(tmp_path, text, column="Bewertung", match="Login"))
    done = EXPORTS["moodle"](ROWS, template(tmp_path, text, column="bewertung", match="Konto"))
    assert cells(done.data)[1:] == [["X 1", "anna", "7.25"], ["X 2", "boris", "0"]]


@pytest.mark.parametrize(
    ("to", "text", "said"),
    [
        ("canvas", WORKSHEET, "not Canvas's gradebook"),
        ("canvas", GRADEBOOK.replace("Tensors", "Tensor"), "no column is called 'Tensors' or 'Тензоры'"),
        ("canvas", GRADEBOOK.replace("Intro", "Тензоры"), "several columns are called"),
        ("canvas", GRADEBOOK.replace("10.00", "(read only)"), "does not let the column"),
        ("moodle", GRADEBOOK, "not a grading worksheet"),
        ("moodle", "", "no table in it"),
        ("moodle", "Оценка;x".encode("cp1251"), "can't be read as CSV in UTF-8"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, to: str, text: str | bytes, said: str) -> None:
    with pytest.raises(CourseError, match=said):
        EXPORTS[to](ROWS, template(tmp_path, text))


# Spreadsheets


def test_csv_lists_everybody() -> None:
    rows = list(csv.DictReader(io.StringIO(EXPORTS["csv"](ROWS, WANTED).data.decode())))
    assert [(row["student"], row["final"], row["status"]) for row in rows] == [
        ("anna", "7.25", "graded"), ("boris", "0", "graded"), ("dora", "3", "needs manual grading"),
        ("zoe", "", "not submitted"),
    ]  # fmt: skip
    assert rows[0] == {
        "student": "anna", "name": "Анна Петрова", "email": "anna@example.org", "assignment": "tensors",
        "submitted": "2027-02-07T12:00:00+00:00", "a": "8.25", "b": "", "score": "8.25", "late_penalty": "1",
        "final": "7.25", "max_score": "10", "status": "graded",
    }  # fmt: skip
    assert rows[3]["max_score"] == "10"


def workbook(data: bytes) -> list[list[Any]]:
    """Every cell of the first sheet, as (type, value): "s" a text, "n" a number or nothing, "f" a formula."""
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    assert sheet._hyperlinks == []
    return [[(cell.data_type, cell.value) for cell in row] for row in sheet.iter_rows()]


def test_a_workbook_holds_numbers_and_texts_and_no_formulas() -> None:
    rows = [*ROWS, ExportRow(Person("=1+1", "http://example.org", "@x\x07"), grade("=1+1", 2))]
    table = workbook(EXPORTS["xlsx"](rows, WANTED).data)
    assert [value for _, value in table[0]][:2] == ["student", "name"]
    assert ("s", "Анна Петрова") in table[1] and ("n", 7.25) in table[1]
    assert table[5][:3] == [("s", "=1+1"), ("s", "http://example.org"), ("s", "@x")]
    assert not [cell for row in table for cell in row if cell[0] == "f"]


danger = st.text(max_size=20) | st.sampled_from("=+-@\t\r").flatmap(
    lambda first: st.text(max_size=10).map(lambda rest: first + rest)
)


@example([("", "", "\r="), ("a\r-", "\r\n=", "b")], "csv")
@given(
    st.lists(st.tuples(danger, danger, danger), min_size=1, max_size=4),
    st.sampled_from(["csv", "moodle", "canvas"]),
)
def test_no_cell_becomes_a_formula(people: list[tuple[str, str, str]], to: str) -> None:
    rows = [
        ExportRow(Person(id_, name, email), grade(id_, 1))
        for id_, name, email in people
        if "\0" not in id_ + name + email
    ]
    titles = ("=title",)
    data = EXPORTS[to](rows, replace(WANTED, titles=titles)).data
    table = cells(data)
    assert len(table) == len(rows) + (2 if to == "canvas" else 1)
    for row in table:
        for cell in row:
            assert not cell.startswith(("=", "@", "\t", "\r", "+")), cell
            assert not cell.startswith("-") or float(cell) <= 0
