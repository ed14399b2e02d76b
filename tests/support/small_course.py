"""A course with one small assignment, "lab", for the tests of scores, gradebook and feedback.

`square` is graded by tests, `scale` too (two solution cells), `plots` and `report` by a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support.cells import (
    KERNEL,
    cell,
    fill,
    grade_cell,
    manual_cell,
    notebook,
    sign,
    solution_cell,
    text_cell,
)
from support.courses import assignment, write_course

from nbjudge.feedback import annotate_notebook
from nbjudge.gradebook import Gradebook, filed, record
from nbjudge.grading.repair import repair
from nbjudge.model import Course, Exercise, Result, Score, Submission, TestResult
from nbjudge.notebooks.cells import Notebook
from nbjudge.notebooks.reader import write_notebook
from nbjudge.notebooks.released_form import make_released_form
from nbjudge.scoring import score

LAB = assignment(
    {"en": "First lab", "ru": "Первая работа"},
    {"square": 2, "scale": 3, "plots": 1, "report": 4},
    soft_deadline="2027-03-14 23:59",
    hard_deadline="2027-03-20 23:59",
    late_factor=0.5,
)
ON_TIME = datetime(2027, 3, 10, 12, 0, 0, 250_000, tzinfo=UTC)
LATE = datetime(2027, 3, 16, 12, 0, tzinfo=UTC)
TOO_LATE = datetime(2027, 4, 1, 12, 0, tzinfo=UTC)
EXERCISES = (
    Exercise("square", 2, False, ("square_function",)),
    Exercise("scale", 3, False, ("scale_inline", "scale_function")),
    Exercise("plots", 1, True, ("plots",)),
    Exercise("report", 4, True, ("report",)),
)
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


SETTINGS: dict[str, Any] = {
    "course_id": "small",
    "title": {"en": "A small course", "ru": "Маленький курс"},
    "languages": ("en", "ru"),
}


def make_course(root: Path, *, empty: bool = False) -> Course:
    """The course in `root`, with its source and release notebooks on disk unless it is to be `empty`."""
    paths = () if empty else ("source/lab/lab.ipynb", "release/lab/lab.ipynb")
    return write_course(
        root,
        {"lab": LAB},
        {path: released() for path in paths},
        **SETTINGS,
    )


def released() -> Notebook:
    """The release of "lab"."""
    cells = [
        text_cell("intro", "# First lab"),
        text_cell("square-text", "### Exercise 1. Squares, $x^2$ (2 points)"),
        solution_cell("square_function", "# YOUR CODE HERE", "c-square"),
        grade_cell("square", "assert square(2) == 4", 2),
        text_cell("scale-text", "### Exercise 2. Scaling (3 points)"),
        cell("given", "factor = 3"),
        solution_cell("scale_inline", "# YOUR CODE HERE ", "c-scale-inline"),
        solution_cell("scale_function", "# YOUR CODE HERE  ", "c-scale"),
        grade_cell("scale", "assert scale(2) == 6", 3),
        text_cell("plots-text", "### Exercise 3. Plots (1 point)"),
        manual_cell("plots", "# PLOT HERE", 1, "code"),
        manual_cell("report", "YOUR ANSWER HERE", 4),
    ]
    course = {"assignment": "lab", "language": "en"}
    return sign(notebook(cells, **KERNEL, language_info={"name": "python"}, nbjudge=course))


def submitted(**answers: str) -> Notebook:
    """A student's notebook: solution cells by grade_id, "__" for "-"."""
    return fill(released(), {name.replace("__", "-"): source for name, source in answers.items()})


def make_result(
    student: str = "anna",
    tests: Sequence[TestResult] = (),
    timestamp: datetime = ON_TIME,
    sha256: str = "a" * 64,
    **rest: Any,
) -> Result:
    """A result of "lab"; without tests, full marks for both automatic exercises."""
    tests = tuple(tests) or (passed("square"), passed("scale"))
    defaults: dict[str, Any] = {"language": "en", "key": f"key-{sha256[:4]}"}
    return Result("lab", student, sha256, timestamp, tests=tests, **{**defaults, **rest})


def passed(exercise: str, fraction: float = 1.0, **rest: Any) -> TestResult:
    """A passed test of `exercise`."""
    values = {"test": f"test_{exercise}", "title": f"{exercise} works.", "weight": 1, **rest}
    return TestResult(exercise, status="passed", fraction=fraction, **values)


def failed(exercise: str, **rest: Any) -> TestResult:
    """A failed test of `exercise`."""
    defaults: dict[str, Any] = {"test": f"test_{exercise}", "title": f"{exercise} works.", "weight": 1}
    return TestResult(exercise, **{"status": "failed", "fraction": 0.0, **defaults, **rest})


def grade(book: Gradebook, result: Result, notebook: Notebook | None = None) -> Score:
    """What the pipeline does with one result: the files of a collected submission, score, record."""
    course = book.course
    assignment = course.assignments["lab"]
    folder = course.gradebook / "submitted" / result.student / "lab"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = result.timestamp.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    (folder / "timestamp.txt").write_text(stamp)
    (folder / "submission_secret.txt").write_text("a" * 64)
    notebook = notebook if notebook is not None or result.rejected else submitted()
    (folder / "lab.ipynb").write_bytes(write_notebook(notebook) if notebook else b"garbage")
    submission = Submission("lab", result.student, folder / "lab.ipynb", result.timestamp, result.sha256)
    points = score(assignment, EXERCISES, result)
    annotated = annotate(notebook, result, points)
    record(book, assignment, submission, result, points, filed(annotated))
    return points


def annotate(notebook: Notebook | None, result: Result, points: Score) -> Notebook:
    """The autograded notebook of a submitted one."""
    form = make_released_form("lab", {"en": released()}, released())
    found = repair(notebook, form).found if notebook else {}
    return annotate_notebook(released(), notebook, replace(result, found=found), points)
