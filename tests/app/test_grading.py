"""Plan, results, record: what each step does, and what it leaves alone."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import pytest
from support.pretend import passes, pretend, trouble
from support.tiny_course import answer, make_course, submit

from nbjudge import log
from nbjudge.app import grading, reporting
from nbjudge.app.demo import grade_samples
from nbjudge.app.options import GradingOptions
from nbjudge.app.recording import NotebookMaker
from nbjudge.gradebook import graded_keys, open_gradebook, read_gradebook, read_troubles
from nbjudge.grading.context import Job
from nbjudge.model import Course, Result, StoredTrouble, TroubleKind
from nbjudge.notebooks import released_form
from nbjudge.notes import Note

ONE = GradingOptions(jobs=1)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def snapshot(course: Course) -> dict[str, str]:
    """Every file of the course's state with a hash of its bytes."""
    return {
        str(path.relative_to(course.gradebook)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in course.gradebook.rglob("*")
        if path.is_file()
    }


def stored(course: Course) -> list[StoredTrouble]:
    with read_gradebook(course) as book:
        return read_troubles(book, "tiny") if book else []


def why(plan: grading.GradingPlan) -> dict[str, str]:
    return {student: one.why for student, one in plan.planned.items()}


def test_a_plan_tells_new_changed_and_forced_apart(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(course, anna=answer(course), boris=answer(course))
    assert why(grading.plan(course, "tiny")) == {"anna": "new", "boris": "new"}
    pretend(monkeypatch)
    grading.grade(course, "tiny", ONE)
    submit(course, boris=answer(course, total=""), vera=answer(course))
    plan = grading.plan(course, "tiny")
    assert why(plan) == {"boris": "changed", "vera": "new"}
    assert [one.student for one in plan.unchanged] == ["anna"]
    forced = grading.plan(course, "tiny", GradingOptions(force=True))
    assert why(forced) == {"anna": "forced", "boris": "changed", "vera": "new"} and forced.unchanged == ()
    one = grading.plan(course, "tiny", GradingOptions(students=("vera",)))
    assert why(one) == {"vera": "new"} and one.unchanged == ()
    (course.autograder("tiny") / "conftest.py").write_text("")
    assert why(grading.plan(course, "tiny"))["anna"] == "changed"


def test_a_plan_makes_nothing(course: Course) -> None:
    assert grading.plan(course, "tiny").planned == {}
    assert not course.gradebook.exists()
    submit(course, anna=answer(course))
    before = snapshot(course)
    assert len(grading.plan(course, "tiny").planned) == 1
    assert snapshot(course) == before


def test_results_that_are_dropped_leave_no_trace(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, boris=trouble())
    submit(course, anna=answer(course), boris=answer(course))
    grading.grade(course, "tiny", ONE)
    submit(course, vera=answer(course))
    before = snapshot(course)
    outcomes = list(grading.results(grading.plan(course, "tiny", GradingOptions(force=True))))
    assert len(outcomes) == 3 and snapshot(course) == before


@pytest.mark.slow
def test_a_dry_run_with_real_workers_leaves_no_trace(course: Course) -> None:
    submit(course, anna=answer(course))
    with open_gradebook(course):
        pass
    before = snapshot(course)
    (result,) = grading.results(grading.plan(course, "tiny", ONE))
    assert isinstance(result, Result) and {test.status for test in result.tests} == {"passed"}
    assert snapshot(course) == before


def test_results_can_be_held_aside_and_recorded_later(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch)
    submit(course, anna=answer(course), boris=answer(course))
    grading.grade(course, "tiny", ONE)
    plan = grading.plan(course, "tiny", GradingOptions(force=True))
    held = list(grading.results(plan))
    with open_gradebook(course) as book, closing(NotebookMaker(plan.opened)) as maker:
        done = [grading.record(book, plan, outcome, maker) for outcome in held]
    assert [one.score.score for one in done if isinstance(one, grading.Graded)] == [5, 5]


def test_the_notebooks_are_read_once(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = released_form.load_notebook

    def counting(path: Path, cure: str) -> object:
        read.append(f"{path.parent.parent.name}/{path.name}")
        return real(path, cure)

    monkeypatch.setattr(released_form, "load_notebook", counting)
    pretend(monkeypatch)
    submit(course, anna=answer(course))
    files = ["release/tiny.ipynb", "release/tiny.ru.ipynb", "source/tiny.ipynb"]
    read.clear()
    grading.grade(course, "tiny", ONE)
    assert sorted(read) == files
    read.clear()
    reporting.feedback(course, "tiny")
    assert sorted(read) == files
    folder = course.autograder("tiny") / "submissions/full_marks"
    folder.mkdir(parents=True)
    for name in ("one", "two"):
        (folder / f"{name}.py").write_text("# base: solution\n# expected: all\n")
    read.clear()
    assert grade_samples(course, "tiny").passed
    assert sorted(read) == files


def test_the_watcher_sees_each_outcome_after_it_is_recorded(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, boris=trouble())
    submit(course, anna=answer(course), boris=answer(course), vera=answer(course))
    seen: list[tuple[int, int, int, int]] = []

    def watch(now: grading.Progress) -> None:
        graded = [row for row in reporting.grades(course) if row.submitted]
        seen.append((now.done, now.total, len(graded), len(stored(course))))

    grading.grade(course, "tiny", ONE, watch)
    assert seen == [(0, 3, 0, 0), (1, 3, 1, 0), (2, 3, 1, 1), (3, 3, 2, 1)]


# Troubles


def test_a_trouble_is_stored_until_the_submission_is_recorded(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(course, anna=answer(course), boris=answer(course))
    pretend(monkeypatch, boris=trouble("worker_died", "died\0 twice"))
    grading.grade(course, "tiny", ONE)
    (first,) = stored(course)
    assert (first.student, first.kind, first.message, first.tries) == (
        "boris",
        "worker_died",
        "died\\0 twice",
        1,
    )
    assert first.since == first.last and first.since.tzinfo is not None
    pretend(monkeypatch, boris=trouble("no_result", "silence"))
    assert grading.grade(course, "tiny", ONE).graded == ()
    (second,) = stored(course)
    assert (second.kind, second.message, second.tries) == ("no_result", "silence", 2)
    assert second.since == first.since < second.last
    pretend(monkeypatch)
    grading.grade(course, "tiny", ONE)
    assert stored(course) == []


def test_a_trouble_goes_with_the_attempt_that_it_is_about(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(course, anna=answer(course), boris=answer(course))
    pretend(monkeypatch, trouble())
    grading.grade(course, "tiny", ONE)
    submit(course, boris=answer(course, total=""))
    (status,) = reporting.status(course, "tiny")
    assert [one.student for one in status.troubles] == ["anna"]
    pretend(monkeypatch, trouble("no_result"))
    grading.grade(course, "tiny", GradingOptions(jobs=1, students=("boris",)))
    assert [(one.student, one.kind, one.tries) for one in stored(course)] == [
        ("anna", "sandbox", 1),
        ("boris", "no_result", 1),
    ]


def test_a_trouble_and_its_grade_change_in_one_transaction(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(course, anna=answer(course))
    pretend(monkeypatch, trouble())
    grading.grade(course, "tiny", ONE)

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    pretend(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr("nbjudge.gradebook.book.refresh_penalty", fails)  # the transaction's last step
        report = grading.grade(course, "tiny", ONE)
    assert [one.kind for one in report.troubles] == ["not_recorded"]
    (left,) = stored(course)
    assert left.kind == "not_recorded" and left.tries == 2 and "No space left" in left.message
    with read_gradebook(course) as book:
        assert book is not None and graded_keys(book, "tiny") == {}


def test_a_trouble_that_cannot_be_stored_is_still_reported(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(course, anna=answer(course), boris=answer(course))
    pretend(monkeypatch, boris=trouble())

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nbjudge.gradebook.record_trouble", fails)
    logged: list[dict[str, str]] = []
    monkeypatch.setattr(log, "warning", lambda event, **values: logged.append(values))
    report = grading.grade(course, "tiny", ONE)
    assert [one.submission.student for one in report.troubles] == ["boris"] and len(report.graded) == 1
    (warning,) = logged
    assert warning["submission"].startswith("boris/tiny/") and "No space left" in warning["reason"]


def test_a_database_from_before_troubles_gets_their_table(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import inspect, text

    submit(course, anna=answer(course))
    pretend(monkeypatch)
    grading.grade(course, "tiny", ONE)
    with open_gradebook(course) as book, book.engine.begin() as connection:
        connection.execute(text("DROP TABLE nbjudge_trouble"))
    (status,) = reporting.status(course, "tiny")  # only reads
    assert status.graded == 1 and status.troubles == ()
    with read_gradebook(course) as reader:
        assert reader is not None and not inspect(reader.engine).has_table("nbjudge_trouble")
    with open_gradebook(course) as book:
        assert inspect(book.engine).has_table("nbjudge_trouble")
        assert graded_keys(book, "tiny").keys() == {"anna"}


def test_a_submission_that_is_replaced_meanwhile_is_not_recorded(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(course, anna=answer(course))

    def meanwhile(job: Job) -> Result:
        submit(course, anna=answer(course, total=""))
        return passes(job)

    pretend(monkeypatch, meanwhile)
    (trouble,) = grading.grade(course, "tiny", ONE).troubles
    assert trouble.kind == "submission_changed" and reporting.grades(course) == []
    assert reporting.status(course, "tiny")[0].troubles == ()  # the new attempt is in none


def test_a_submission_that_brings_its_judge_down_twice_is_zero_and_waits_for_a_person(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    graded = pretend(monkeypatch)
    submit(course, anna=answer(course), boris=answer(course))
    grading.grade(course, "tiny", ONE)
    submit(course, boris=answer(course, double="bomb = 1"))
    graded = pretend(monkeypatch, boris=trouble("no_result", "no end"))
    first = grading.grade(course, "tiny", ONE)
    assert [one.kind for one in first.troubles] == ["no_result"] and first.graded == ()
    second = grading.grade(course, "tiny", ONE)
    assert second.troubles == ()
    (done,) = second.graded
    assert done.score.score == 0 and done.result.rejected == Note("given_up")
    (row,) = [row for row in reporting.grades(course, "tiny") if row.student == "boris"]
    assert (row.score, row.status) == (0, "needs manual grading")  # not the older attempt's 5
    assert stored(course) == []
    grading.grade(course, "tiny", ONE)
    assert graded == ["boris", "boris"]


@pytest.mark.parametrize("kind", ["sandbox", "worker_died", "no_worker"])
def test_what_may_be_the_machines_fault_is_tried_for_ever(
    course: Course, monkeypatch: pytest.MonkeyPatch, kind: TroubleKind
) -> None:
    pretend(monkeypatch, boris=trouble(kind))
    submit(course, anna=answer(course), boris=answer(course))
    for _ in range(3):
        report = grading.grade(course, "tiny", ONE)
    assert [one.kind for one in report.troubles] == [kind]


def test_nobody_is_given_up_while_nobody_could_be_judged(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, trouble("no_result", "a test that never returns"))
    submit(course, anna=answer(course), boris=answer(course))
    for _ in range(3):
        report = grading.grade(course, "tiny", ONE)
    assert len(report.troubles) == 2 and report.graded == ()
