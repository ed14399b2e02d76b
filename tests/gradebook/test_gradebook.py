"""The gradebook: nbgrader's database through our SQL and through nbgrader's own eyes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import small_course as small

from nbjudge.errors import CourseError
from nbjudge.gradebook import (
    Gradebook,
    filed,
    graded_keys,
    open_gradebook,
    read_grades,
    read_marks,
    record,
    save_assignment,
    store_feedback,
    tables,
)
from nbjudge.model import GradeRow, Mark
from nbjudge.notes import Note
from nbjudge.results import load_result


@pytest.fixture
def book(tmp_path: Path, database: None) -> Iterator[Gradebook]:
    with open_gradebook(small.make_course(tmp_path)) as book:
        save_assignment(book, book.course.assignments["lab"], small.released())
        yield book


@contextmanager
def theirs(book: Gradebook) -> Iterator[Any]:
    """The same database through nbgrader's API."""
    from nbgrader.api import Gradebook as NbgraderGradebook

    with NbgraderGradebook(book.course.database, "small") as gradebook:
        yield gradebook


def mark(
    book: Gradebook, exercise: str, points: float | None, comment: str = "", student: str = "anna"
) -> None:
    """What formgrader does when a TA types points and a comment."""
    with theirs(book) as gradebook:
        grade = gradebook.find_grade(exercise, "lab", "lab", student)
        grade.manual_score, grade.needs_manual_grade = points, points is None
        if comment:
            gradebook.find_comment(exercise, "lab", "lab", student).manual_comment = comment
        gradebook.db.commit()


def row(book: Gradebook, student: str = "anna") -> GradeRow:
    return next(row for row in read_grades(book, "lab") if row.student == student)


# The schema


def test_our_tables_are_columns_of_nbgraders_schema() -> None:
    from nbgrader.api import Base

    for name, table in tables.nbgrader.tables.items():
        original = Base.metadata.tables[name]
        assert set(table.columns.keys()) <= set(original.columns.keys()), name
        for column in table.columns:
            assert (
                str(column.type) == str(original.columns[column.name].type) or name == "submitted_assignment"
            )


def test_nbgrader_takes_the_new_database_for_its_own(book: Gradebook) -> None:
    from nbgrader.api import get_alembic_version
    from sqlalchemy import text

    with book.engine.connect() as connection:
        stamped = connection.execute(text("SELECT version_num FROM alembic_version")).all()
    with pytest.MonkeyPatch.context() as patch:
        import os
        import sys

        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        assert stamped == [(get_alembic_version(),)]


def test_the_database_is_made_without_alembic_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with open_gradebook(small.make_course(tmp_path)) as book:
        assert read_grades(book) == []


def test_a_database_that_nbgrader_made_is_used(tmp_path: Path) -> None:
    from nbgrader.api import Base
    from sqlalchemy import create_engine

    course = small.make_course(tmp_path)
    course.gradebook.mkdir()
    Base.metadata.create_all(create_engine(course.database))
    with open_gradebook(course) as book:
        save_assignment(book, course.assignments["lab"], small.released())
        small.grade(book, small.make_result())
        assert row(book).score == 5


def test_an_unusable_database_is_the_authors_fault(tmp_path: Path) -> None:
    course = replace(small.make_course(tmp_path), database=f"sqlite:///{tmp_path}")
    with pytest.raises(CourseError, match=r"course_config\.py"), open_gradebook(course):
        pass


def test_the_grading_path_does_not_import_nbgrader(tmp_path: Path) -> None:
    import subprocess
    import sys

    with open_gradebook(small.make_course(tmp_path)):
        pass
    code = (
        "import sys, pathlib; from nbjudge.course import load_course; from nbjudge.gradebook import *;\n"
        f"course = load_course(pathlib.Path({str(tmp_path)!r}))\n"
        "with open_gradebook(course) as book: graded_keys(book, 'lab'), read_grades(book)\n"
        "assert not {'nbgrader', 'nbformat'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Assignments


def test_nbgrader_sees_the_assignment(book: Gradebook) -> None:
    with theirs(book) as gradebook:
        assignment = gradebook.find_assignment("lab")
        notebook = gradebook.find_notebook("lab", "lab")
        assert assignment.max_score == 10
        assert assignment.duedate.isoformat() == "2027-03-14T20:59:00"
        assert {cell.name: cell.max_score for cell in notebook.grade_cells} == {
            "square": 2, "scale": 3, "plots": 1, "report": 4,
        }  # fmt: skip
        assert {cell.name for cell in notebook.solution_cells} == {
            "square_function", "scale_inline", "scale_function", "plots", "report",
        }  # fmt: skip
        assert json.loads(notebook.kernelspec)["name"] == "python3"


def test_cells_are_saved_as_nbgrader_saves_them(book: Gradebook, tmp_path: Path) -> None:
    from nbformat import from_dict
    from nbgrader.api import Gradebook as NbgraderGradebook
    from nbgrader.preprocessors import SaveCells

    url = f"sqlite:///{tmp_path / 'other.db'}"
    with NbgraderGradebook(url, "small") as gradebook:
        gradebook.add_assignment("lab")
    resources = {"nbgrader": {"notebook": "lab", "assignment": "lab", "db_url": url}}
    SaveCells().preprocess(from_dict(small.released()), resources)

    def cells(gradebook: Any) -> list[tuple[Any, ...]]:
        notebook = gradebook.find_notebook("lab", "lab")
        sources = [(c.name, c.cell_type, c.locked, c.source, c.checksum) for c in notebook.source_cells]
        graded = [(c.name, c.cell_type, c.max_score) for c in notebook.grade_cells]
        return sorted(sources) + sorted(graded) + sorted((c.name,) for c in notebook.solution_cells)

    with NbgraderGradebook(url, "small") as gradebook, theirs(book) as ours:
        assert cells(ours) == cells(gradebook)


def test_saving_twice_changes_nothing(book: Gradebook) -> None:
    small.grade(book, small.make_result())
    with theirs(book) as gradebook:
        before = [(c.id, c.name) for c in gradebook.find_notebook("lab", "lab").grade_cells]
    save_assignment(book, book.course.assignments["lab"], small.released())
    with theirs(book) as gradebook:
        assert [(c.id, c.name) for c in gradebook.find_notebook("lab", "lab").grade_cells] == before
    assert row(book).score == 5


def test_an_exercise_may_come_and_go_between_submissions(book: Gradebook) -> None:
    small.grade(book, small.make_result())
    shorter = small.released()
    shorter["cells"] = [cell for cell in shorter["cells"] if cell["id"] != "c-report"]
    save_assignment(book, book.course.assignments["lab"], shorter)
    assert "report" not in row(book).exercises
    assert row(book).points == 6
    save_assignment(book, book.course.assignments["lab"], small.released())
    assert row(book).exercises["report"] is None
    assert row(book).status == "needs manual grading"
    with theirs(book) as gradebook:  # nbgrader itself would leave the Grade row out
        assert gradebook.find_grade("report", "lab", "lab", "anna").needs_manual_grade


def test_a_cell_with_marks_given_by_hand_can_not_disappear(book: Gradebook) -> None:
    small.grade(book, small.make_result())
    mark(book, "report", 3)
    shorter = small.released()
    shorter["cells"] = [cell for cell in shorter["cells"] if cell["id"] != "c-report"]
    with pytest.raises(CourseError, match=r"source/lab/lab\.ipynb: the cell 'report' is gone"):
        save_assignment(book, book.course.assignments["lab"], shorter)
    assert row(book).exercises["report"] == 3


def test_changed_points_reach_the_gradebook(book: Gradebook) -> None:
    notebook = small.released()
    notebook["cells"][3]["metadata"]["nbgrader"]["points"] = 5
    save_assignment(book, book.course.assignments["lab"], notebook)
    with theirs(book) as gradebook:
        assert gradebook.find_assignment("lab").max_score == 13


# Recording


def test_a_graded_submission_in_nbgraders_eyes(book: Gradebook) -> None:
    small.grade(book, small.make_result(tests=(small.passed("square", 0.5), small.passed("scale"))))
    with theirs(book) as gradebook:
        submission = gradebook.find_submission("lab", "anna")
        assert submission.score == 4
        assert submission.timestamp == small.ON_TIME.replace(tzinfo=None)
        assert submission.needs_manual_grade
        assert submission.late_submission_penalty == 0
        grade = gradebook.find_grade("square", "lab", "lab", "anna")
        assert (grade.auto_score, grade.manual_score, grade.needs_manual_grade) == (1, None, False)
        assert gradebook.find_grade("plots", "lab", "lab", "anna").needs_manual_grade
        assert {d["student"] for d in gradebook.submission_dicts("lab")} == {"anna"}


def test_the_row(book: Gradebook) -> None:
    small.grade(book, small.make_result())
    mark(book, "plots", 0.5)
    assert row(book) == GradeRow(
        student="anna",
        assignment="lab",
        submitted=small.ON_TIME,
        exercises={"square": 2, "scale": 3, "plots": 0.5, "report": None},
        score=5.5,
        penalty=0,
        final=5.5,
        points=10,
        status="needs manual grading",
    )


def test_late_work_loses_half_also_of_what_a_person_adds_later(book: Gradebook) -> None:
    small.grade(book, small.make_result(timestamp=small.LATE))
    assert (row(book).score, row(book).penalty, row(book).final) == (5, 2.5, 2.5)
    mark(book, "plots", 1)
    mark(book, "report", 4)
    assert (row(book).score, row(book).penalty, row(book).final) == (10, 5, 5)
    assert row(book).status == "graded"


def test_work_after_the_hard_deadline_gets_nothing(book: Gradebook) -> None:
    small.grade(book, small.make_result(timestamp=small.TOO_LATE))
    assert (row(book).score, row(book).final) == (5, 0)
    with theirs(book) as gradebook:
        assert gradebook.find_submission("lab", "anna").late_submission_penalty == 5


def test_a_new_attempt_resets_the_old_grades(book: Gradebook) -> None:
    small.grade(book, small.make_result(), small.submitted(plots="draw()", report="Because."))
    mark(book, "square", 1.5)
    mark(book, "plots", 1, "Fine.")
    mark(book, "report", 4, "Good.")
    second = small.submitted(plots="draw()", report="Because of something else.")
    small.grade(book, small.make_result(sha256="b" * 64, tests=(small.failed("square"),)), second)
    assert row(book).exercises == {"square": 0, "scale": None, "plots": 1, "report": None}
    assert read_marks(book, "lab") == {"anna": {"plots": Mark(1, "Fine.")}}
    assert row(book).status == "needs manual grading"


def test_a_plot_that_looks_different_is_another_answer(book: Gradebook) -> None:
    def drawn(text: str) -> Any:
        notebook = small.submitted(plots="draw()")
        notebook["cells"][10]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
        return notebook

    small.grade(book, small.make_result(), drawn("one"))
    mark(book, "plots", 1)
    small.grade(book, small.make_result(sha256="b" * 64), drawn("two"))
    assert row(book).exercises["plots"] is None


def test_grading_the_same_file_again_keeps_what_people_gave(book: Gradebook) -> None:
    small.grade(book, small.make_result())
    mark(book, "square", 1.5, student="anna")
    mark(book, "plots", 1, "Fine.")
    small.grade(book, small.make_result(key="newer tests"))
    assert row(book).exercises == {"square": 1.5, "scale": 3, "plots": 1, "report": None}
    with theirs(book) as gradebook:
        assert not gradebook.find_grade("square", "lab", "lab", "anna").needs_manual_grade
    small.grade(book, small.make_result(tests=(small.failed("square"), small.passed("scale"))))
    assert row(book).exercises["square"] == 1.5
    with theirs(book) as gradebook:  # the person who overruled the judge should look again
        assert gradebook.find_grade("square", "lab", "lab", "anna").needs_manual_grade


@pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own, in add_submission
def test_marks_from_before_nbjudge_stay(book: Gradebook) -> None:
    with theirs(book) as gradebook:
        gradebook.add_student("anna")
        gradebook.add_submission("lab", "anna", timestamp=small.ON_TIME)
    mark(book, "report", 3, "From nbgrader's days.")
    small.grade(book, small.make_result())
    assert row(book).exercises["report"] == 3


def test_a_broken_test_leaves_the_exercise_ungraded(book: Gradebook) -> None:
    small.grade(
        book, small.make_result(tests=(small.failed("square", status="broken_test"), small.passed("scale")))
    )
    assert row(book).exercises["square"] is None
    with theirs(book) as gradebook:
        assert gradebook.find_grade("square", "lab", "lab", "anna").needs_manual_grade


def test_a_rejected_file_is_a_zero_without_work_for_people(book: Gradebook) -> None:
    small.grade(book, small.make_result(tests=(), rejected=Note("empty_file")))
    assert row(book).exercises == {"square": 0, "scale": 0, "plots": 0, "report": 0}
    assert row(book).status == "graded"


def test_an_untouched_manual_cell_needs_nobody(book: Gradebook) -> None:
    small.grade(book, small.make_result(unchanged=("plots",), missing=("report",)))
    assert row(book).exercises == {"square": 2, "scale": 3, "plots": 0, "report": 0}
    with theirs(book) as gradebook:
        assert gradebook.find_comment("plots", "lab", "lab", "anna").auto_comment == "No response."


def test_extra_credit_counts(book: Gradebook) -> None:
    small.grade(book, small.make_result())
    with theirs(book) as gradebook:
        gradebook.find_grade("square", "lab", "lab", "anna").extra_credit = 0.5
        gradebook.db.commit()
    assert row(book).exercises["square"] == 2.5
    assert read_marks(book, "lab")["anna"]["square"] == Mark(2.5)


def test_the_files_are_in_their_places(book: Gradebook) -> None:
    result = small.make_result()
    small.grade(book, result)
    folder = book.course.gradebook
    assert load_result((folder / "results/anna/lab.json").read_bytes()) == result
    autograded = folder / "autograded/anna/lab"
    assert {path.name for path in autograded.iterdir()} == {
        "lab.ipynb",
        "timestamp.txt",
        "submission_secret.txt",
    }
    submitted = folder / "submitted/anna/lab/timestamp.txt"
    assert (autograded / "timestamp.txt").read_bytes() == submitted.read_bytes()
    page = store_feedback(book.course, "lab", "anna", "<p>ok")
    assert page.read_text() == "<p>ok"
    assert {path.name for path in page.parent.iterdir()} == {
        "lab.html",
        "timestamp.txt",
        "submission_secret.txt",
    }


def test_nbgrader_counts_the_submission_as_autograded(book: Gradebook) -> None:
    from nbgrader.utils import parse_utc

    small.grade(book, small.make_result())
    stamp = (book.course.gradebook / "submitted/anna/lab/timestamp.txt").read_text()
    with theirs(book) as gradebook:
        assert gradebook.find_submission("lab", "anna").timestamp == parse_utc(stamp)


@pytest.mark.parametrize("student", ["<script>alert(1)</script>", "a/b", "a\\b", 'a"b', "a'b", "a\nb", "a&b"])
def test_a_student_id_that_formgrader_would_print_raw_is_refused(book: Gradebook, student: str) -> None:
    from nbjudge.model import Submission

    result = small.make_result(student=student)
    submission = Submission("lab", student, Path("x"), small.ON_TIME, "a" * 64)
    points = small.score(book.course.assignments["lab"], small.EXERCISES, result)
    with pytest.raises(CourseError, match="student ids"):
        record(book, book.course.assignments["lab"], submission, result, points, filed(small.released()))
    assert graded_keys(book, "lab") == {}


@pytest.mark.parametrize("student", ["Иванов Иван", "anna@uni.example", "a+b", "=1+1", "o%20o", "#1"])
def test_other_student_ids_work(book: Gradebook, student: str) -> None:
    small.grade(book, small.make_result(student=student))
    assert row(book, student).score == 5


def test_an_unknown_assignment_is_refused(tmp_path: Path) -> None:
    with (
        open_gradebook(small.make_course(tmp_path)) as book,
        pytest.raises(CourseError, match="no assignment 'lab'"),
    ):
        small.grade(book, small.make_result())


# Kills


def test_a_kill_before_the_commit_leaves_the_submission_to_be_graded_again(
    book: Gradebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbjudge.gradebook import book as module

    small.grade(book, small.make_result())
    mark(book, "plots", 1)
    before, keys = row(book), graded_keys(book, "lab")

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    second = small.make_result(sha256="b" * 64, tests=(small.failed("square"), small.failed("scale")))
    for step in ("_add_rows", "_save_grades", "_save_comments", "_save_key", "refresh_penalty"):
        with monkeypatch.context() as patch:
            patch.setattr(module, step, die)
            with pytest.raises(Killed):
                small.grade(book, second)
        assert graded_keys(book, "lab") == keys, step
        assert row(book) == before, step
    small.grade(book, second)
    assert graded_keys(book, "lab") == {"anna": "key-bbbb"}
    assert row(book).score == 1  # plots: the same empty cell, so the mark stays


def test_a_process_killed_in_the_middle_loses_nothing(book: Gradebook, tmp_path: Path) -> None:
    """A real process, a real SIGKILL, at the moment of the last write."""
    import os
    import signal

    child = os.fork()
    if child == 0:  # pragma: no cover
        from nbjudge.gradebook import book as module

        module.refresh_penalty = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        try:
            with open_gradebook(book.course) as mine:
                small.grade(mine, small.make_result(student="boris"))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert graded_keys(book, "lab") == {}
    assert read_grades(book) == []
    small.grade(book, small.make_result(student="boris"))
    assert row(book, "boris").score == 5


def test_two_processes_record_at_once(book: Gradebook) -> None:
    import os

    def work(students: list[str]) -> int:
        child = os.fork()
        if child:
            return child
        code = 1
        try:  # pragma: no cover
            with open_gradebook(book.course) as mine:
                for student in students:
                    small.grade(mine, small.make_result(student=student))
            code = 0
        finally:
            os._exit(code)

    children = [work([f"{name}{n}" for n in range(8)]) for name in "abc"]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert len(read_grades(book)) == 24


def test_two_processes_make_the_tables_at_once(tmp_path: Path, database: None) -> None:
    import os

    course = small.make_course(tmp_path)
    ready, go = os.pipe()

    def work() -> int:
        child = os.fork()
        if child:
            return child
        code = 1
        try:  # pragma: no cover
            os.close(go)
            os.read(ready, 1)  # ends for all at once
            with open_gradebook(course) as book:
                save_assignment(book, course.assignments["lab"], small.released())
            code = 0
        finally:
            os._exit(code)

    children = [work() for _ in range(3)]
    os.close(go)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    with open_gradebook(course) as book, theirs(book) as gradebook:
        assert [assignment.name for assignment in gradebook.assignments] == ["lab"]
    os.close(ready)


# PostgreSQL


def test_a_wait_for_another_writer_has_an_end(
    tmp_path: Path, postgres_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import text

    monkeypatch.setattr(tables, "BUSY", 1)
    with postgres_server.make_database() as url:
        monkeypatch.setenv("NBJUDGE_DATABASE", url)
        course = small.make_course(tmp_path)
        other = tables.make_engine(url)
        with other.begin() as connection:
            connection.execute(text("SELECT 1"))
            with pytest.raises(CourseError, match="lock timeout"), open_gradebook(course):
                pass
        with open_gradebook(course) as book:
            assert read_grades(book) == []


def test_a_password_is_not_printed(tmp_path: Path) -> None:
    url = "postgresql+psycopg://nbjudge:secret@/nowhere?host=/nowhere"
    course = replace(small.make_course(tmp_path), database=url)
    with (
        pytest.raises(CourseError, match=r"nbjudge:\*\*\*@.* can't be opened") as caught,
        open_gradebook(course),
    ):
        pass
    assert "secret" not in str(caught.value)
    course = replace(course, database="secret")
    with pytest.raises(CourseError, match=r"\(not a URL\)") as caught, open_gradebook(course):
        pass
    assert "secret" not in str(caught.value).partition("can't be opened")[0]


def test_a_missing_driver_is_named_with_its_cure(tmp_path: Path) -> None:
    course = replace(small.make_course(tmp_path), database="postgresql+pg8000://nbjudge@/nowhere")
    with pytest.raises(CourseError, match=r"pg8000.*nbjudge\[postgresql\]"), open_gradebook(course):
        pass
