"""`nbjudge new`: a first notebook, its hidden tests and sample submissions, which pass the check as they are."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from nbjudge.course import CONFIG, EXERCISE_ID, load_course
from nbjudge.errors import CourseError
from nbjudge.files import TEMPLATES, write_atomically
from nbjudge.model import Course, Language
from nbjudge.notebooks.cells import LANGUAGE_TAG, NotebookCell, tags
from nbjudge.notebooks.reader import write_notebook

ENTRY = """    "{name}": {{
        "title": {title},
        "points": {{"mean-square": 1}},
        "soft_deadline": "{soft} 23:59",
        "hard_deadline": "{hard} 23:59",
        "late_factor": 0.5,
        "feedback": "always",
        "limits": {{"seconds": 10, "memory": "2GB"}},
    }},
"""
FILES = {  # template -> path in the course
    "notebook.json": "source/{name}/{name}.ipynb",
    "test_1_mean_square.py.txt": "autograders/{name}/test_1_mean_square.py",
    "dot_product.py.txt": "autograders/{name}/submissions/full_marks/dot_product.py",
    "sum_of_squares.py.txt": "autograders/{name}/submissions/partial/sum_of_squares.py",
    "untouched.py.txt": "autograders/{name}/submissions/zero/untouched.py",
}
OPEN, CLOSED = timedelta(days=14), timedelta(days=21)


def write_skeleton(course: Course, name: str, today: date) -> list[Path]:
    """Adds the assignment `name` with one exercise to the course; returns the files that were written or changed.

    CourseError if the name is taken or can't be one; then nothing is written.
    """
    if not EXERCISE_ID.fullmatch(name):
        raise CourseError(f"{name!r}: use lower case, digits and hyphens in an assignment's name")
    files = {course.root / path.format(name=name): template for template, path in FILES.items()}
    taken = [path for path in (course.source(name), course.autograder(name)) if path.exists()]
    if name in course.assignments or taken:
        where = taken[0] if taken else course.root / CONFIG
        raise CourseError(f"{where}: there is an assignment {name!r} already: choose another name")
    config = _with_entry(course, name, today)
    for path, template in files.items():
        data = (TEMPLATES / "new_assignment" / template).read_bytes()
        write_atomically(path, _notebook(json.loads(data), course) if path.suffix == ".ipynb" else data)
    _replace(course.root / CONFIG, config)
    return [*files, course.root / CONFIG]


def _with_entry(course: Course, name: str, today: date) -> str:
    """course_config.py's text with one more assignment; CourseError if it isn't written as a plain dictionary."""
    path = course.root / CONFIG
    text = path.read_text(encoding="utf-8")
    title = {language: name.replace("-", " ").capitalize() for language in course.languages}
    entry = ENTRY.format(name=name, title=_literal(title), soft=today + OPEN, hard=today + CLOSED)
    lines = text.split("\n")
    found = next(filter(None, (_assigned(node, "assignments") for node in ast.parse(text).body)), None)
    closing = lines[found.end_lineno - 1].strip() if isinstance(found, ast.Dict) and found.end_lineno else ""
    if not isinstance(found, ast.Dict) or closing != "}" or not found.end_lineno:
        raise CourseError(f"{path}: write assignments = {{...}} with the closing brace alone on its line")
    new = "\n".join([*lines[: found.end_lineno - 1], entry.rstrip("\n"), *lines[found.end_lineno - 1 :]])
    if found.values and not _has_comma(lines, found.values[-1]):
        raise CourseError(f"{path}: put a comma after the last entry of assignments")
    return new


def _assigned(node: ast.stmt, name: str) -> ast.expr | None:
    """The value in `name = value`."""
    if not isinstance(node, ast.Assign):
        return None
    names = [target.id for target in node.targets if isinstance(target, ast.Name)]
    return node.value if name in names else None


def _has_comma(lines: list[str], last: ast.expr) -> bool:
    rest = lines[(last.end_lineno or 1) - 1].encode()[last.end_col_offset or 0 :].decode()
    return rest.lstrip().startswith(",")


def _notebook(template: dict[str, Any], course: Course) -> bytes:
    """The notebook with its texts in the course's languages; its first ones stand in for those that it lacks."""
    texts = [
        (cell, next((tag.removeprefix(LANGUAGE_TAG) for tag in tags(cell)), None))
        for cell in template["cells"]
    ]
    spoken = [language for _, language in texts if language]
    foreign = [language for language in course.languages if language not in spoken]
    cells = []
    for cell, language in texts:
        if language is None or language in course.languages:
            cells.append(cell)
        if language == spoken[0]:
            cells += [_retagged(cell, other) for other in foreign]
    for cell in cells:
        cell["source"] = "\n".join(cell["source"])
    return write_notebook({**template, "cells": cells})


def _retagged(cell: NotebookCell, language: Language) -> NotebookCell:
    return {**cell, "id": f"{cell['id']}-{language}", "metadata": {"tags": [LANGUAGE_TAG + language]}}


def _replace(path: Path, text: str) -> None:
    """Puts the new configuration in the old one's place, and reads it once."""
    try:
        compile(text, str(path), "exec")
    except SyntaxError as error:
        raise CourseError(f"{path}: the new entry doesn't fit: {error.msg}, line {error.lineno}") from None
    write_atomically(path, text.encode())
    load_course(path.parent)


def _literal(title: Mapping[Language, str]) -> str:
    return "{" + ", ".join(f'"{language}": "{text}"' for language, text in title.items()) + "}"
