"""Extensions in the gradebook, and penalties that stay true whatever moves: deadlines, extensions, marks."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import small_course as small
from support.places import ROOT

from nbjudge.course import load_course
from nbjudge.gradebook import (
    Gradebook,
    grant,
    open_gradebook,
    read_extensions,
    read_grades,
    read_lateness,
    refresh,
    save_assignment,
    tables,
)
from nbjudge.lateness import DAY, Extension, LatePolicy
from nbjudge.model import Course, GradeRow

NOW = datetime(2027, 3, 15, 9, 0, tzinfo=UTC)


@pytest.fixture
def book(tmp_path: Path, database: None) -> Iterator[Gradebook]:
    """Two who handed in a day and a half late, one in time: 5 points each."""
    with open_gradebook(small.make_course(tmp_path)) as book:
        save_assignment(book, book.course.assignments["lab"], small.released())
        small.grade(book, small.make_result("anna", timestamp=small.LATE))
        small.grade(book, small.make_result("boris", timestamp=small.LATE))
        small.grade(book, small.make_result("vera"))
        yield book


def finals(book: Gradebook) -> dict[str, float]:
    return {row.student: row.final for row in read_grades(book)}


def exported(book: Gradebook) -> dict[str, float]:
    """What nbgrader's own code makes of the same database: `nbgrader export` asks the same properties."""
    with theirs(book.course) as gradebook:
        submissions = gradebook.assignment_submissions("lab")
        return {one.student_id: one.score - one.late_submission_penalty for one in submissions}


@contextmanager
def theirs(course: Course) -> Iterator[Any]:
    from nbgrader.api import Gradebook as NbgraderGradebook

    with NbgraderGradebook(course.database, course.id) as gradebook:
        yield gradebook


def moved(book: Gradebook, **policy: Any) -> Gradebook:
    """The same gradebook after an edit of course_config.py."""
    lab = book.course.assignments["lab"]
    lab = replace(lab, late=replace(lab.late, **policy))
    return Gradebook(replace(book.course, assignments={"lab": lab}), book.engine)


def test_an_extension_raises_the_grade_at_once_here_and_in_nbgrader(book: Gradebook) -> None:
    assert finals(book) == exported(book) == {"anna": 2.5, "boris": 2.5, "vera": 5}
    grant(book, [Extension("lab", "anna", days=2, reason="ill", by="ta", at=NOW)])
    assert finals(book) == exported(book) == {"anna": 5, "boris": 2.5, "vera": 5}
    [kept] = read_extensions(book)
    assert kept == Extension("lab", "anna", 2, None, "ill", "ta", NOW)


def test_the_newest_extension_counts_and_all_are_kept(book: Gradebook) -> None:
    grant(book, [Extension("lab", "anna", days=7, at=NOW)])
    grant(book, [Extension("lab", "anna", days=0, at=NOW + DAY, reason="a mistake")])
    assert finals(book)["anna"] == 2.5
    assert [one.days for one in read_extensions(book)] == [7, 0]
    until = datetime(2027, 3, 16, 12, 0, tzinfo=UTC)
    grant(book, [Extension("lab", "anna", until=until, at=NOW + 2 * DAY)])
    assert finals(book)["anna"] == 5
    assert read_extensions(book)[-1].until == until


def test_nbgraders_own_extension_counts_and_the_longer_of_two_wins(book: Gradebook) -> None:
    with theirs(book.course) as gradebook:
        gradebook.grant_extension("lab", "anna", days=2)
    assert finals(book)["anna"] == 5  # at once, though nothing was written
    refresh(book)
    assert exported(book)["anna"] == 5
    assert read_extensions(book) == [Extension("lab", "anna", 2, source="nbgrader")]
    grant(book, [Extension("lab", "anna", days=1, at=NOW)])
    late = read_lateness(book)["lab", "anna"]
    assert (late.extended, late.factor) == (2 * DAY, 1)


def test_an_extension_may_come_before_the_work(book: Gradebook) -> None:
    grant(book, [Extension("lab", "dora", days=14, at=NOW)])
    assert "dora" not in finals(book)
    small.grade(book, small.make_result("dora", timestamp=small.LATE))
    refresh(book)
    assert finals(book)["dora"] == exported(book)["dora"] == 5


def test_a_moved_deadline_moves_grades(book: Gradebook) -> None:
    later = moved(book, soft=small.LATE)
    assert finals(later) == {"anna": 5, "boris": 5, "vera": 5}
    assert exported(book)["anna"] == 2.5
    refresh(later)
    assert exported(book) == {"anna": 5, "boris": 5, "vera": 5}
    refresh(book)
    assert exported(book)["anna"] == 2.5


def test_nothing_is_written_where_nothing_changed(book: Gradebook) -> None:
    from sqlalchemy import event

    refresh(book)
    written: list[str] = []

    @event.listens_for(book.engine, "before_cursor_execute")
    def watch(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.split()[0] in ("INSERT", "UPDATE", "DELETE"):
            written.append(statement)

    refresh(book)
    assert written == []
    grant(book, [Extension("lab", "anna", days=2, at=NOW)])
    assert len(written) == 3  # the extension, the factor, the penalty


def test_marks_by_hand_of_late_work_count_with_the_same_factor(book: Gradebook) -> None:
    """Even if somebody's script writes them, past everything that nbjudge hooks into nbgrader."""
    with theirs(book.course) as gradebook:
        grade = gradebook.find_grade("report", "lab", "lab", "anna")
        grade.manual_score, grade.extra_credit = 3, 1
        gradebook.db.commit()
    refresh(book)
    assert finals(book)["anna"] == exported(book)["anna"] == 4.5
    grant(book, [Extension("lab", "anna", days=2, at=NOW)])
    assert finals(book)["anna"] == exported(book)["anna"] == 9


@pytest.mark.parametrize("points", [8.8333, 0.3333, 7.7777])
def test_nbgrader_and_nbjudge_agree_in_the_last_digit(book: Gradebook, points: float) -> None:
    with theirs(book.course) as gradebook:
        gradebook.find_grade("square", "lab", "lab", "anna").manual_score = points
        gradebook.db.commit()
    refresh(book)
    assert exported(book)["anna"] == pytest.approx(finals(book)["anna"], abs=1e-9)


def test_late_days_are_shared_out_over_the_assignments(book: Gradebook) -> None:
    """The second assignment is in the database only: its submissions could come from any other day."""
    lab = book.course.assignments["lab"]
    second = replace(lab, name="second", late=LatePolicy(lab.late.soft + 7 * DAY, lab.late.hard + 7 * DAY))
    course = replace(book.course, assignments={"lab": lab, "second": second}, late_days=3)
    both = Gradebook(course, book.engine)
    save_assignment(both, second, small.released())
    with both.engine.begin() as connection:
        where = tables.find_or_add(connection, tables.assignment, name="second", course_id="small")
        tables.find_or_add(connection, tables.submitted_assignment, assignment_id=where, student_id="anna")
        connection.execute(
            tables.submitted_assignment.update()
            .where(tables.submitted_assignment.c.assignment_id == where)
            .values(timestamp=(second.late.soft + timedelta(hours=30)).astimezone(UTC).replace(tzinfo=None))
        )
    late = read_lateness(both)
    assert (late["lab", "anna"].bank, late["lab", "anna"].factor) == (2, 1)
    assert (late["second", "anna"].bank, late["second", "anna"].factor) == (0, 0.5)
    grant(both, [Extension("lab", "anna", days=1, at=NOW)])
    late = read_lateness(both)
    assert [late[name, "anna"].bank for name in ("lab", "second")] == [1, 2]


def test_a_database_from_before_extensions_is_read_and_then_gets_its_table(book: Gradebook) -> None:
    with book.engine.begin() as connection:
        tables.extension.drop(connection)
    assert finals(book)["anna"] == 2.5
    assert read_extensions(book) == []
    with open_gradebook(book.course) as again:
        grant(again, [Extension("lab", "anna", days=2, at=NOW)])
        assert finals(again)["anna"] == 5


def test_a_grade_that_nbgrader_gave_keeps_its_penalty(book: Gradebook) -> None:
    from sqlalchemy import delete

    with book.engine.begin() as connection:
        connection.execute(delete(tables.result))
    refresh(moved(book, soft=small.LATE))
    row: GradeRow = next(row for row in read_grades(book) if row.student == "anna")
    assert row.penalty == 2.5


@pytest.mark.slow
def test_nbgraders_programs_follow_deadlines_and_extensions(book: Gradebook) -> None:
    """With our nbgrader_config.py: `grant_extension` at once, a moved deadline when a program starts."""
    root = book.course.root
    shutil.copy(ROOT / "nbgrader_config.py", root)
    granting = f"""if 1:
        from pathlib import Path
        from nbgrader.api import Gradebook
        from traitlets.config import Config
        from nbjudge.course import load_course
        from nbjudge.gradebook.formgrader import configure
        course = load_course(Path({str(root)!r}))
        configure(Config(), course)
        with Gradebook(course.database, course.id) as gradebook:
            gradebook.grant_extension("lab", "anna", days=2)
        with Gradebook(course.database, course.id) as gradebook:
            print(gradebook.find_submission("lab", "anna").late_submission_penalty)"""
    done = subprocess.run([sys.executable, "-c", granting], cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == "0.0", done.stderr
    config = root / "course_config.py"
    config.write_text(config.read_text().replace("2027-03-14 23:59", "2027-03-17 23:59"))
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "export"], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    with (book.course.gradebook / "exports/grades.csv").open() as file:
        rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert rows == {"anna": 5, "boris": 5, "vera": 5}
    with open_gradebook(load_course(root)) as again:
        assert finals(again) == rows
