"""`nbjudge roster`: what learning systems export goes in, the database follows, and grades list everybody."""

from __future__ import annotations

import builtins
import csv
import io
from pathlib import Path

import pytest
from support.handing_in import ROSTER, SOLVED, make_course, take, zipped

from nbjudge import cli
from nbjudge.app import reporting
from nbjudge.app.roster import add_student, import_roster, remove_student, students_of
from nbjudge.errors import CourseError
from nbjudge.gradebook import open_gradebook, read_students
from nbjudge.intake.roster_import import read_students_file
from nbjudge.model import Course
from nbjudge.roster import Student, read_roster

MOODLE = 'First name,Last name,Email address,Groups\nАнна,Петрова,petrova@example.org,"DL-1, DL-2"\n'
MOODLE_RU = "Имя;Фамилия;Адрес электронной почты;Группы\nАнна;Петрова;petrova@example.org;DL-1\n"
MOODLE_GRADES = (
    "First name,Last name,ID number,Email address,Assignment: HW\nAnna,Petrova,s123,petrova@example.org,9\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,HW (4711)\n    Points Possible,,,,,10\n"
    '"Petrova, Anna",956227,u1,petrova,S1,9\n"Student, Test",9,,f00,S1,\n'
)
CANVAS_GROUPS = (
    "name,canvas_user_id,user_id,login_id,sections,group_name,canvas_group_id,group_id\n"
    "Anna Petrova,956227,u1,petrova,S1,Team 3,5,6\n"
)
NBGRADER = "id,first_name,last_name,email,lms_user_id\npetrova,Anna,Petrova,petrova@example.org,956227\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "student"),
    [
        (MOODLE, Student("petrova@example.org", "Анна Петрова", "petrova@example.org", group="DL-1; DL-2")),
        (MOODLE_RU, Student("petrova@example.org", "Анна Петрова", "petrova@example.org", group="DL-1")),
        (CANVAS, Student("petrova", "Anna Petrova", lms_ids=("956227", "u1"), group="S1")),
        (NBGRADER, Student("petrova", "Anna Petrova", "petrova@example.org", ("956227",))),
    ],
)
def test_lists_of_learning_systems(tmp_path: Path, text: str, student: Student) -> None:
    assert read_students_file(written(tmp_path, text)) == [student]


def test_columns_that_nobody_knows_are_kept_and_ids_may_come_from_any(tmp_path: Path) -> None:
    [student] = read_students_file(written(tmp_path, MOODLE_GRADES), "ID number")
    assert (student.id, student.extra) == ("s123", {"Assignment: HW": "9"})
    [student] = read_students_file(written(tmp_path, CANVAS_GROUPS))
    assert (student.id, set(student.lms_ids)) == ("petrova", {"956227", "u1"})
    with pytest.raises(CourseError, match=r"no column 'Login'; it has: First name"):
        read_students_file(written(tmp_path, MOODLE), "Login")
    with pytest.raises(CourseError, match=r"line 2: 'Анна Петрова' cannot be a student's id"):
        read_students_file(written(tmp_path, "Полное имя\nАнна Петрова\n"), "Полное имя")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_sheets_in_any_encoding_that_excel_saves(tmp_path: Path, encoding: str) -> None:
    [student] = read_students_file(written(tmp_path, MOODLE_RU, encoding))
    assert student.name == "Анна Петрова"


def test_a_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["id", "name"], [4711, "Анна"], [None, None]):
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    assert read_students_file(tmp_path / "list.xlsx") == [Student("4711", "Анна")]


def test_a_workbook_without_its_reader_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "openpyxl":
            raise ImportError(name)
        return real(name, *rest)

    (tmp_path / "list.xlsx").write_bytes(b"PK\x03\x04")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CourseError, match=r"pip install 'nbjudge\[xlsx\]', or save the table as CSV"):
        read_students_file(tmp_path / "list.xlsx")


def test_imports_of_two_systems_make_one_list(course: Course, tmp_path: Path) -> None:
    change = import_roster(course, written(tmp_path, MOODLE), dry_run=True)
    assert change.added == ("petrova@example.org",) and read_roster(course) == ()
    import_roster(course, written(tmp_path, MOODLE))
    assert import_roster(course, written(tmp_path, MOODLE)).unchanged == ("petrova@example.org",)
    assert import_roster(course, written(tmp_path, CANVAS)).changed == (
        "petrova@example.org",
    )  # the login is the e-mail's
    [student] = read_roster(course)
    assert student.lms_ids == ("956227", "u1")
    assert import_roster(course, written(tmp_path, "id,phone\nivanov,7\n")).added == ("ivanov",)
    assert {one.id: dict(one.extra) for one in read_roster(course)}["ivanov"] == {"phone": "7"}


def test_the_database_follows_the_roster(course: Course) -> None:
    with open_gradebook(course):
        pass
    add_student(course, Student("petrova", "Анна Сергеевна Петрова", "p@x.org", ("956227",)))
    with open_gradebook(course) as book:
        assert read_students(book) == [Student("petrova", "Анна Сергеевна Петрова", "p@x.org", ("956227",))]
    assert not remove_student(course, "PETROVA").kept
    with open_gradebook(course) as book:
        assert read_students(book) == []
    with pytest.raises(CourseError, match=r"'petrova' is not in the roster: `nbjudge roster list`"):
        remove_student(course, "petrova")
    with pytest.raises(CourseError, match="student id 'a b'"):
        add_student(course, Student("a b"))


def test_students_whom_only_nbgrader_added_are_listed_too(course: Course) -> None:
    with open_gradebook(course) as book:
        from nbjudge.gradebook import save_students

        save_students(book, [Student("theirs", "T H")])
    add_student(course, Student("ours"))
    assert [student.id for student in students_of(course)] == ["ours", "theirs"]


def test_grades_list_all_students(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    course = make_course(tmp_path, ROSTER)
    take(course, zipped(tmp_path / "in.zip", {"ivanov.ipynb": SOLVED}))
    status = {row.student: row.status for row in reporting.grades(course, "hw")}
    others = dict.fromkeys(("anna.petrova2", "elkin.p", "petrova"), "not submitted")
    assert status == {"ivanov": "not graded", **others}
    assert reporting.grades(course) == []  # of nothing graded yet, all assignments tell nothing
    rows = list(csv.DictReader(io.StringIO(reporting.grades_csv(reporting.grades(course, "hw")))))
    assert [row["final"] for row in rows] == ["0"] * 4
    assert cli.main(["--course", str(course.root), "grades", "hw"]) == 0
    assert "nothing handed in" in capsys.readouterr().out


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    course = make_course(tmp_path)

    def run(*arguments: object) -> int:
        return cli.main(["--course", str(course.root), "roster", *map(str, arguments)])

    assert run("list") == 0 and "no students yet" in capsys.readouterr().out
    assert run("import", written(tmp_path, CANVAS)) == 0
    assert "1 added, 0 changed, 0 as they were; 1 students" in capsys.readouterr().out
    assert run("add", "ivanov", "--name", "Иван Иванов", "--alias", "Ваня;vanya") == 0
    assert run("list") == 0 and "Ваня" in capsys.readouterr().out
    assert run("remove", "ivanov") == 0
    assert run("remove", "ivanov") == 2
    assert "is not in the roster" in capsys.readouterr().err


def test_with_a_roster_a_stranger_cannot_be_submitted_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = make_course(tmp_path, ROSTER)
    (tmp_path / "x.ipynb").write_bytes(SOLVED)
    place = [
        "--course",
        str(course.root),
        "submit",
        str(tmp_path / "x.ipynb"),
        "--assignment",
        "hw",
        "--student",
    ]
    assert cli.main([*place, "Ivanof"]) == 2
    assert "'Ivanof' is not in the roster" in (err := capsys.readouterr().err) and "near: ivanov" in err
    assert cli.main([*place, "IVANOV"]) == 0
    assert (course.gradebook / "submitted/ivanov/hw").is_dir()
