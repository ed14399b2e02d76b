"""An assignment with what its stages need, read once per command."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbjudge.course import pick_assignment
from nbjudge.model import Assignment, Course, Exercise, Language

if TYPE_CHECKING:
    from nbjudge.notebooks.cells import Notebook
    from nbjudge.notebooks.released_form import ReleasedForm


@dataclass(frozen=True, slots=True)
class _Opened:
    """An assignment with what its stages need."""

    declared: Assignment
    exercises: tuple[Exercise, ...]
    template: ReleasedForm
    released: dict[Language, Notebook]


def _open(course: Course, name: str) -> _Opened:
    from nbjudge.notebooks.exercises import check_points, find_exercises
    from nbjudge.notebooks.released_form import load_notebook, load_released_form, release_name

    declared = pick_assignment(course, name)
    path = course.source(name) / f"{name}.ipynb"
    exercises = find_exercises(load_notebook(path, "create the source notebook"), str(path))
    check_points(exercises, declared)
    released = {
        language: load_notebook(
            course.release(name) / release_name(course, name, language), f"run `nbjudge release {name}`"
        )
        for language in course.languages
    }
    return _Opened(declared, exercises, load_released_form(course, name), released)


def _automatic(exercises: Iterable[Exercise]) -> frozenset[str]:
    return frozenset(exercise.id for exercise in exercises if not exercise.manual)
