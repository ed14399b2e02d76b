"""The light assignment as a course of nbjudge, and students' notebooks for it."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import light

from nbjudge.app import authoring
from nbjudge.course import load_course
from nbjudge.model import Course
from nbjudge.notebooks.cells import Notebook, NotebookCell, grade_id
from nbjudge.notebooks.reader import read_notebook, write_notebook

NAME = "light"
CONFIG = """\
course_id = "bench"
title = {{"en": "Benchmark"}}
languages = ("en",)
timezone = "UTC"
database = "sqlite:///gradebook/gradebook.db"
assignments = {{
    "light": {{
        "title": {{"en": "Light"}},
        "points": {points},
        "soft_deadline": "2100-01-01 00:00",
        "hard_deadline": "2100-01-02 00:00",
        "limits": {{"seconds": 10, "memory": "2GB"}},
    }},
}}
"""


def make(root: Path) -> Course:
    """The course in `root`: source, hidden tests and a release."""
    points = {exercise.id: len(exercise.checks) for exercise in light.EXERCISES}
    _write(root / "course_config.py", CONFIG.format(points=points))
    _write(root / f"source/{NAME}/{NAME}.ipynb", write_notebook(_source()).decode())
    _write(root / f"autograders/{NAME}/test_light.py", hidden_tests())
    course = load_course(root)
    authoring.release(course, NAME, unproved=True)
    return course


def submission(course: Course, student: int) -> bytes:
    """What student number `student` hands in: the release with their answers, no two files alike."""
    notebook = read_notebook((course.release(NAME) / f"{NAME}.ipynb").read_bytes())
    answers = zip(light.EXERCISES, light.answers_of(student), strict=True)
    sources = {f"{exercise.id}_function": exercise.source(answer.body) for exercise, answer in answers}
    for cell in notebook["cells"]:
        if (name := grade_id(cell)) in sources:
            cell["source"] = f"# Student {student}\n{sources[name]}"
    return write_notebook(notebook)


def hidden_tests() -> str:
    """The checks as nbjudge's autograder."""
    return "import pytest\nimport torch\n" + "".join(
        f'\n\n@pytest.mark.exercise("{exercise.id}")\n'
        f"def test_{exercise.function}_{check.name}(student):\n"
        f'    """{check.title}"""\n'
        f"    {exercise.function} = student.{exercise.function}\n"
        + textwrap.indent(check.code, "    ")
        + "\n"
        for exercise in light.EXERCISES
        for check in exercise.checks
    )


def code_cell(id_: str, source: str, name: str = "", points: float | None = None) -> NotebookCell:
    """A code cell: given without a name, a solution with one, a grade cell with points too."""
    cell: dict[str, Any] = {"id": id_, "cell_type": "code", "metadata": {}, "source": source}
    cell |= {"outputs": [], "execution_count": None}
    if name:
        graded = points is not None
        meta = {"grade_id": name, "schema_version": 3, "task": False, "solution": not graded}
        meta |= {"grade": graded, "locked": graded} | ({"points": points} if graded else {})
        cell["metadata"]["nbgrader"] = meta
    return cell


def notebook_of(cells: list[NotebookCell]) -> Notebook:
    """A notebook for Python with these cells."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _source() -> Notebook:
    cells = [_text_cell("title", "# A light assignment"), code_cell("imports", light.IMPORTS)]
    for exercise in light.EXERCISES:
        solution = f"### BEGIN SOLUTION\n{exercise.answers[0].body}\n### END SOLUTION"
        cells += [
            _text_cell(f"{exercise.id}-text", f"## {exercise.id}\n\n{exercise.task}"),
            code_cell(f"{exercise.id}-code", exercise.source(solution), f"{exercise.id}_function"),
            code_cell(f"{exercise.id}-public", exercise.public, exercise.id, len(exercise.checks)),
        ]
    return notebook_of(cells)


def _text_cell(id_: str, source: str) -> NotebookCell:
    return {"id": id_, "cell_type": "markdown", "metadata": {}, "source": source}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
