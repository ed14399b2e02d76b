"""A whole course on disk with one tiny assignment, "tiny", for tests that grade for real: source, release, hidden tests."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from nbjudge.app import authoring, intake
from nbjudge.course import load_course
from nbjudge.model import Course

CONFIG = """
course_id = "tiny-course"
title = {"en": "Tiny", "ru": "Крошка"}
languages = ("en", "ru")
timezone = "Europe/Moscow"
database = "sqlite:///gradebook/gradebook.db"
assignments = {
    "tiny": {
        "title": {"en": "Tiny lab", "ru": "Крошечная работа"},
        "points": {"double": 2, "total": 3, "essay": 1},
        "soft_deadline": "2100-03-14 23:59",
        "hard_deadline": "2100-03-20 23:59",
        "limits": {"seconds": 2, "memory": "512MB"},
    },
}
"""
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
SOLUTIONS = {
    "double_function": "def double(x):\n    return x * 2",
    "total_function": "def total(items):\n    return sum(items)",
    "essay": "Because.",
}


def make_course(root: Path, hidden: str = HIDDEN) -> Course:
    """The course in `root`, released and ready to collect."""
    (root / "course_config.py").write_text(CONFIG)
    source = root / "source/tiny"
    source.mkdir(parents=True)
    (source / "tiny.ipynb").write_text(json.dumps(_source(), indent=1))
    autograder = root / "autograders/tiny"
    autograder.mkdir(parents=True)
    (autograder / "test_tiny.py").write_text(hidden)
    course = load_course(root)
    authoring.release(course, "tiny", unproved=True)
    return course


def answer(course: Course, **sources: str) -> bytes:
    """A student's notebook: the solution, with other sources for some cells (`double`, `total`, `essay`)."""
    notebook = json.loads((course.release("tiny") / "tiny.ipynb").read_text())
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = textwrap.dedent(sources.get(name.split("_")[0], SOLUTIONS[name]))
    return json.dumps(notebook).encode()


def submit(course: Course, **notebooks: bytes) -> None:
    """Takes in one notebook for each student."""
    for student, data in notebooks.items():
        path = course.root / f"{student}.ipynb"
        path.write_bytes(data)
        intake.submit_file(course, "tiny", student, path)


def _source() -> dict[str, Any]:
    cells = [
        _cell("title", "markdown", "# Tiny lab", tags=["lang:en"]),
        _cell("title-ru", "markdown", "# Крошечная работа", tags=["lang:ru"]),
        _cell("imports", "code", "import math"),
        *(
            cell
            for name, call in (("double", "double(1) == 2"), ("total", "total([1]) == 1"))
            for cell in (
                _cell(f"{name}-text", "markdown", f"## {name}"),
                _cell(
                    f"c-{name}",
                    "code",
                    _region(SOLUTIONS[f"{name}_function"]),
                    f"{name}_function",
                    solution=True,
                ),
                _cell(
                    f"c-{name}-grade", "code", f"assert {call}", name, points={"double": 2, "total": 3}[name]
                ),
            )
        ),
        _cell("c-essay", "markdown", SOLUTIONS["essay"], "essay", points=1, solution=True),
    ]
    return {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _region(solution: str) -> str:
    head, body = solution.split("\n", 1)
    return f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"


def _cell(
    id_: str,
    kind: str,
    source: str,
    name: str = "",
    *,
    points: float | None = None,
    solution: bool = False,
    tags: list[str] | None = None,
) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "id": id_,
        "cell_type": kind,
        "metadata": {"tags": tags} if tags else {},
        "source": source,
    }
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    if name:
        grade = points is not None
        meta = {"grade_id": name, "schema_version": 3, "solution": solution, "grade": grade, "task": False}
        cell["metadata"]["nbgrader"] = meta | {"locked": not solution} | ({"points": points} if grade else {})
    return cell
