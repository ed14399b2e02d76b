"""A course with one small assignment, "lab", for the tests of scores, gradebook and feedback.

`square` is graded by tests, `scale` too (two solution cells), `plots` and `report` by a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbjudge.course import load_course
from nbjudge.feedback import annotate_notebook
from nbjudge.gradebook import Gradebook, record
from nbjudge.grading.repair import repair
from nbjudge.model import Course, Exercise, Result, Score, Submission, TestResult
from nbjudge.notebooks.cells import Notebook
from nbjudge.notebooks.reader import write_notebook
from nbjudge.notebooks.released_form import make_released_form
from nbjudge.scoring import score

CONFIG = """
course_id = "small"
title = {"en": "A small course", "ru": "Маленький курс"}
languages = ("en", "ru")
timezone = "Europe/Moscow"
database = "sqlite:///gradebook/gradebook.db"
assignments = {
    "lab": {
        "title": {"en": "First lab", "ru": "Первая работа"},
        "points": {"square": 2, "scale": 3, "plots": 1, "report": 4},
        "soft_deadline": "2027-03-14 23:59",
        "hard_deadline": "2027-03-20 23:59",
        "late_factor": 0.5,
    },
}
"""
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


def make_course(root: Path) -> Course:
    """The course in `root`, with its source and release notebooks on disk."""
    (root / "course_config.py").write_text(CONFIG)
    course = load_course(root)
    for folder in (course.source("lab"), course.release("lab")):
        folder.mkdir(parents=True)
        (folder / "lab.ipynb").write_bytes(write_notebook(released()))
    return course


def released() -> Notebook:
    """The release of "lab"."""
    return {
        "cells": [
            _cell("intro", "markdown", "# First lab"),
            _cell("square-text", "markdown", "### Exercise 1. Squares, $x^2$ (2 points)"),
            _cell("c-square", "code", "# YOUR CODE HERE", "square_function", solution=True),
            _cell("c-square-grade", "code", "assert square(2) == 4", "square", points=2),
            _cell("scale-text", "markdown", "### Exercise 2. Scaling (3 points)"),
            _cell("given", "code", "factor = 3"),
            _cell("c-scale-inline", "code", "# YOUR CODE HERE ", "scale_inline", solution=True),
            _cell("c-scale", "code", "# YOUR CODE HERE  ", "scale_function", solution=True),
            _cell("c-scale-grade", "code", "assert scale(2) == 6", "scale", points=3),
            _cell("plots-text", "markdown", "### Exercise 3. Plots (1 point)"),
            _cell("c-plots", "code", "# PLOT HERE", "plots", points=1, solution=True),
            _cell("c-report", "markdown", "YOUR ANSWER HERE", "report", points=4, solution=True),
        ],
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
            "nbjudge": {"assignment": "lab", "language": "en"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(
    id_: str, kind: str, source: str, name: str = "", *, points: float | None = None, solution: bool = False
) -> dict[str, Any]:
    cell: dict[str, Any] = {"id": id_, "cell_type": kind, "metadata": {}, "source": source}
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    if name:
        from nbformat import from_dict
        from nbgrader.utils import compute_checksum

        meta = {"grade_id": name, "schema_version": 3, "solution": solution, "task": False}
        meta |= {"grade": points is not None, "locked": not solution}
        if points is not None:
            meta["points"] = points
        cell["metadata"]["nbgrader"] = meta
        meta["checksum"] = compute_checksum(from_dict(cell))
    return cell


def submitted(**answers: str) -> Notebook:
    """A student's notebook: solution cells by grade_id, "__" for "-"."""
    notebook = released()
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        cell["source"] = answers.get(name.replace("-", "__"), cell["source"])
    return notebook


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
    record(book, assignment, submission, result, points, annotated)
    return points


def annotate(notebook: Notebook | None, result: Result, points: Score) -> Notebook:
    """The autograded notebook of a submitted one."""
    template = make_released_form("lab", {"en": released()}, released())
    found = repair(notebook, template).found if notebook else {}
    return annotate_notebook(released(), notebook, replace(result, found=found), points)
