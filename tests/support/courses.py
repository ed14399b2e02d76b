"""Courses on disk: what every test that needs one builds it with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbjudge.course import load_course
from nbjudge.model import Course
from nbjudge.notebooks.cells import Notebook
from nbjudge.notebooks.reader import write_notebook

Assignment = dict[str, Any]


def assignment(title: str | Mapping[str, str], points: Mapping[str, float], **settings: Any) -> Assignment:
    """An entry of `assignments` in course_config.py; its deadlines are far away unless `settings` has others."""
    titles = {"en": title} if isinstance(title, str) else dict(title)
    deadlines = {"soft_deadline": "2100-03-14 23:59", "hard_deadline": "2100-03-20 23:59"}
    return {"title": titles, "points": dict(points), **deadlines, **settings}


def config_text(
    assignments: Mapping[str, Assignment],
    *,
    title: str | Mapping[str, str] = "A course",
    languages: Sequence[str] = ("en",),
    course_id: str = "course",
    timezone: str = "Europe/Moscow",
) -> str:
    """A course_config.py, its strings in double quotes; JSON and Python agree about all values that are used here."""
    settings = {
        "course_id": course_id,
        "title": {"en": title} if isinstance(title, str) else dict(title),
        "languages": tuple(languages),
        "timezone": timezone,
        "database": "sqlite:///gradebook/gradebook.db",
    }
    lines = [f"{name} = {_literal(value)}" for name, value in settings.items()]
    entries = [f"    {_literal(name)}: {_literal(value)}," for name, value in assignments.items()]
    return "\n".join([*lines, "assignments = {", *entries, "}"]) + "\n"


def write_course(
    root: Path,
    assignments: Mapping[str, Assignment],
    files: Mapping[str, Notebook | bytes | str],
    **settings: Any,
) -> Course:
    """Writes course_config.py and `files`, by their paths in the course, and reads the course; `settings` as above."""
    for name, content in {"course_config.py": config_text(assignments, **settings), **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = write_notebook(content) if isinstance(content, dict) else content
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return load_course(root)


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({''.join(f'{_literal(each)}, ' for each in value)})"
    return json.dumps(value, ensure_ascii=False)
