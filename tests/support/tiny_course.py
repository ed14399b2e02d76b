"""A whole course on disk with one tiny assignment, "tiny", for tests that grade for real: source, release, hidden tests."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path

from support.cells import KERNEL, cell, fill, grade_cell, manual_cell, notebook, solution_cell, text_cell
from support.courses import assignment, write_course

from nbjudge.app import authoring, intake
from nbjudge.model import Course
from nbjudge.notebooks.cells import Notebook

POINTS = {"double": 2, "total": 3, "essay": 1}
HIDDEN = '''
"""Hidden tests of "tiny"."""

import pytest


@pytest.mark.exercise("double")
def test_doubles(student):
    """Twice three is six."""
    assert student.double(3) == 6


@pytest.mark.exercise("double", hidden=True)
def test_doubles_negative(student):
    """Negative numbers too."""
    assert student.double(-47110815) == -94221630


@pytest.mark.exercise("total", weight=3)
def test_total(student):
    """The sum of a list."""
    assert student.total([1, 2, 3.5]) == 6.5


@pytest.mark.exercise("total")
def test_total_of_nothing(student):
    """The sum of an empty list is 0."""
    assert student.total([]) == 0
'''
FORGEABLE = 'share = 1\nreason = "tiny tests compare with constants"\n'
SOLUTIONS = {
    "double_function": "def double(x):\n    return x * 2",
    "total_function": "def total(items):\n    return sum(items)",
    "essay": "Because.",
}


def make_course(
    root: Path, hidden: str = HIDDEN, *, languages: Sequence[str] = ("en", "ru"), memory: str = "512MB"
) -> Course:
    """The course in `root`, released and ready to collect."""
    title, limits = {"en": "Tiny lab", "ru": "Крошечная работа"}, {"seconds": 2, "memory": memory}
    course = write_course(
        root,
        {"tiny": assignment(title, POINTS, limits=limits)},
        {
            "source/tiny/tiny.ipynb": source(),
            "autograders/tiny/test_tiny.py": hidden,
            "autograders/tiny/forgeable.toml": FORGEABLE,
        },
        course_id="tiny-course",
        title={"en": "Tiny", "ru": "Крошка"},
        languages=languages,
    )
    authoring.release(course, "tiny", unproved=True)
    return course


def answer(course: Course, **sources: str) -> bytes:
    """A student's notebook: the solution, with other sources for some cells (`double`, `total`, `essay`)."""
    notebook = json.loads((course.release("tiny") / "tiny.ipynb").read_text())
    mine = {
        name: textwrap.dedent(sources.get(name.split("_")[0], solved)) for name, solved in SOLUTIONS.items()
    }
    return json.dumps(fill(notebook, mine)).encode()


def submit(course: Course, **notebooks: bytes) -> None:
    """Takes in one notebook for each student."""
    for student, data in notebooks.items():
        path = course.root / f"{student}.ipynb"
        path.write_bytes(data)
        intake.submit_file(course, "tiny", student, path)


def source() -> Notebook:
    """The instructor's notebook, solved, in both languages."""
    cells = [
        text_cell("title", "# Tiny lab", "lang:en"),
        text_cell("title-ru", "# Крошечная работа", "lang:ru"),
        cell("imports", "import math"),
    ]
    for name, call in (("double", "double(1) == 2"), ("total", "total([1]) == 1")):
        cells += [
            text_cell(f"{name}-text", f"## {name}"),
            solution_cell(f"{name}_function", _with_region(SOLUTIONS[f"{name}_function"]), f"c-{name}"),
            grade_cell(name, f"assert {call}", POINTS[name]),
        ]
    return notebook([*cells, manual_cell("essay", SOLUTIONS["essay"])], **KERNEL)


def _with_region(solution: str) -> str:
    head, body = solution.split("\n", 1)
    return f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
