"""The exercises of an instructor's notebook, and the rules that the notebook must keep."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from nbjudge.course import CONFIG, EXERCISE_ID
from nbjudge.errors import CourseError
from nbjudge.languages import available
from nbjudge.model import Assignment, Exercise
from nbjudge.notebooks.cells import (
    LANGUAGE_TAG,
    Notebook,
    NotebookCell,
    Role,
    cell_id,
    exercise_of,
    grade_id,
    nbgrader_metadata,
    role,
    tags,
)


def find_exercises(source: Notebook, path: str) -> tuple[Exercise, ...]:
    """The exercises of an instructor notebook in its order; CourseError names `path`, the cell and the next step."""
    cells = source["cells"]
    _check_ids(cells, path)
    for position, cell in enumerate(cells, 1):
        _check_metadata(cell, f"{path}: {_label(cell, position)}")
    by_role: dict[Role, list[NotebookCell]] = {"grade": [], "manual": [], "solution": []}
    for cell in cells:
        if role(cell) in by_role:
            by_role[role(cell)].append(cell)
    _check_solutions(by_role["solution"], {grade_id(cell) for cell in by_role["grade"]}, path)
    solutions = [str(grade_id(cell)) for cell in by_role["solution"]]
    graded = [cell for cell in cells if role(cell) in ("grade", "manual")]
    return tuple(_exercise(cell, solutions, path) for cell in graded)


def check_points(exercises: Iterable[Exercise], assignment: Assignment) -> None:
    """CourseError if the notebook and course_config.py disagree about exercises or points."""
    where = f"{CONFIG}: assignments[{assignment.name!r}]['points']"
    here = {exercise.id: exercise.points for exercise in exercises}
    for name in here.keys() - assignment.points.keys():
        raise CourseError(
            f"{where}: exercise {name!r} of the notebook is not listed: add {name!r}: {here[name]:g}"
        )
    for name in assignment.points.keys() - here.keys():
        raise CourseError(
            f"{where}: exercise {name!r} is not in source/{assignment.name}/{assignment.name}.ipynb:"
            f" add a grade cell with the grade_id {name!r}, or remove the entry"
        )
    for name, points in here.items():
        if points != assignment.points[name]:
            raise CourseError(
                f"{where}: {name!r} has {assignment.points[name]:g} here and {points:g} in the notebook's grade cell:"
                " make them equal"
            )


def _label(cell: NotebookCell, position: int) -> str:
    return f"cell {grade_id(cell) or cell_id(cell)!r} ({cell.get('cell_type')}, cell {position})"


def _check_ids(cells: Sequence[NotebookCell], path: str) -> None:
    seen: set[str] = set()
    seen_grade: set[str] = set()
    for position, cell in enumerate(cells, 1):
        where = f"{path}: {_label(cell, position)}"
        name = cell.get("id")
        if not isinstance(name, str):
            raise CourseError(f"{where} has no cell id: save the notebook as nbformat 4.5 (JupyterLab does)")
        if name in seen:
            raise CourseError(f"{where}: another cell has the id {name!r} too: give it a new one")
        seen.add(name)
        grade = grade_id(cell)
        if grade and grade in seen_grade:
            raise CourseError(f"{where}: another cell has the grade_id {grade!r} too: rename one of them")
        seen_grade.add(grade or "")


def _check_metadata(cell: NotebookCell, where: str) -> None:
    for tag in tags(cell):
        if tag.startswith(LANGUAGE_TAG) and tag.removeprefix(LANGUAGE_TAG) not in available():
            known = " or ".join(LANGUAGE_TAG + language for language in available())
            raise CourseError(f"{where}: unknown language tag {tag!r}: use {known}")
    meta = nbgrader_metadata(cell)
    if not meta:
        return
    if meta.get("schema_version") != 3:
        raise CourseError(
            f"{where}: nbgrader metadata is not schema version 3: run `nbgrader update` on the source"
        )
    if meta.get("task"):
        raise CourseError(
            f"{where}: nbgrader's task cells are not supported: make it a manually graded answer"
        )
    if role(cell) in ("given", "text"):
        return
    if any(tag.startswith(LANGUAGE_TAG) for tag in tags(cell)):
        raise CourseError(
            f"{where}: graded cells go into every language, or their checksums differ: remove the lang tag"
        )
    if cell["cell_type"] != "code" and role(cell) != "manual":
        raise CourseError(f"{where}: a {role(cell)} cell must be a code cell")


def _check_solutions(cells: Iterable[NotebookCell], exercises: set[str | None], path: str) -> None:
    for cell in cells:
        name = str(grade_id(cell))
        exercise, _, part = name.partition("_")
        if not (EXERCISE_ID.fullmatch(exercise) and EXERCISE_ID.fullmatch(part)):
            raise CourseError(
                f"{path}: solution cell {name!r}: name it <exercise>_<part> in lower case, digits and hyphens"
            )
        if exercise not in exercises:
            raise CourseError(
                f"{path}: solution cell {name!r} has no grade cell: add one with the grade_id {exercise!r}"
            )


def _exercise(cell: NotebookCell, solutions: Sequence[str], path: str) -> Exercise:
    name, meta, manual = str(grade_id(cell)), nbgrader_metadata(cell), role(cell) == "manual"
    where = f"{path}: grade cell {name!r}"
    if not EXERCISE_ID.fullmatch(name):
        raise CourseError(f"{where}: use lower case, digits and hyphens in grade_id")
    points = meta.get("points")
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points < math.inf:
        raise CourseError(f"{where}: points must be a number from 0, not {points!r}")
    own = (name,) if manual else tuple(part for part in solutions if exercise_of(part) == name)
    if not own:
        raise CourseError(f"{where} has no solution cell: add one with the grade_id '{name}_<part>'")
    return Exercise(id=name, points=float(points), manual=manual, solutions=own)
