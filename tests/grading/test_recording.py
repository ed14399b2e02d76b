"""From a judge's result to the gradebook, without any judge: what the main process does, and does not do again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.tiny_course import answer, make_course, submit

from nbjudge.app import grading, reporting
from nbjudge.app.options import GradingOptions
from nbjudge.grading.context import GradingContext, Job
from nbjudge.grading.repair import repair
from nbjudge.grading.submission import judge_submission
from nbjudge.model import Course, Result
from nbjudge.notebooks.reader import read_notebook
from nbjudge.notes import Note


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def grade_with(monkeypatch: pytest.MonkeyPatch, judge: Callable[[GradingContext, Job], Result]) -> None:
    """Lets `judge` stand for supervisor, workers and judges."""

    def grade_all(context: GradingContext, jobs: list[Job], *_: Any, **__: Any) -> Iterator[Result]:
        for job in jobs:
            yield judge(context, job)

    monkeypatch.setattr("nbjudge.grading.executors.local.grade_all", grade_all)


def judged(context: GradingContext, job: Job) -> Result:
    """What a judge finds out about the notebook, without any test."""
    submission = job.submission
    program = repair(read_notebook(submission.path.read_bytes()), context.form)
    return Result(
        assignment=submission.assignment,
        student=submission.student,
        sha256=submission.sha256,
        timestamp=submission.timestamp,
        language=program.language,
        key=job.key,
        tests=(),
        repairs=program.repairs,
        missing=program.missing,
        unchanged=program.unchanged,
        found=program.found,
    )


def split(course: Course) -> bytes:
    """A notebook whose first solution is in two cells."""
    notebook = json.loads(answer(course, double="half = 1"))
    at = next(n for n, cell in enumerate(notebook["cells"]) if cell["source"] == "half = 1")
    second = {**notebook["cells"][at], "id": "second", "source": "def double(x):\n    return 2 * x * half"}
    notebook["cells"].insert(at + 1, second)
    return json.dumps(notebook).encode()


def test_a_notebook_is_matched_once_by_its_judge(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(course, anna=split(course))

    def judge(context: GradingContext, job: Job) -> Result:
        result = judged(context, job)
        monkeypatch.setattr("nbjudge.grading.repair.program.find_cells", None)  # from now on nobody can
        return result

    grade_with(monkeypatch, judge)
    report = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert report.troubles == ()
    [done] = report.graded
    assert len(done.result.found["double_function"]) == 2
    shown = json.loads((course.gradebook / "autograded/anna/tiny/tiny.ipynb").read_text())
    texts = ["".join(cell["source"]) for cell in shown["cells"]]
    assert "half = 1\n\ndef double(x):\n    return 2 * x * half" in texts


def test_a_file_that_changed_after_it_was_judged_is_not_recorded(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(course, anna=answer(course), boris=answer(course))

    def judge(context: GradingContext, job: Job) -> Result:
        result = judged(context, job)
        if job.submission.student == "anna":
            job.submission.path.write_bytes(split(course))
        return result

    grade_with(monkeypatch, judge)
    report = grading.grade(course, "tiny", GradingOptions(jobs=1))
    assert [done.submission.student for done in report.graded] == ["boris"]
    [trouble] = report.troubles
    assert trouble.kind == "submission_changed"
    assert [row.student for row in reporting.grades(course) if row.submitted] == ["boris"]


@pytest.mark.parametrize("languages", [("ru",), ("ru", "en")])
def test_what_is_not_a_notebook_gets_the_courses_first_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, languages: tuple[str, ...]
) -> None:
    course = make_course(tmp_path, languages=languages)
    submit(course, anna=b"%PDF-1.7")

    def judge(context: GradingContext, job: Job) -> Result:
        return judge_submission(context, None, SimpleNamespace(), job)[0]  # type: ignore[arg-type]

    grade_with(monkeypatch, judge)
    report = grading.grade(course, "tiny", GradingOptions(jobs=1, isolation="none"))
    assert report.troubles == ()
    [done] = report.graded
    assert (done.result.rejected, done.result.language) == (Note("pdf"), "ru")
    [page] = reporting.feedback(course, "tiny")
    assert "это PDF, а не блокнот" in page.read_text("utf-8")
