"""What people read: feedback pages and grades."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.course import pick_assignment
from nbjudge.errors import CourseError
from nbjudge.model import Course

if TYPE_CHECKING:
    from nbjudge.gradebook import GradeRow
from nbjudge.app.opened import _open


def feedback(course: Course, name: str, students: Sequence[str] = ()) -> list[Path]:
    """Writes the feedback page of every graded student, or of the ones named; CourseError before it may open."""
    from nbjudge.feedback import exercise_titles, feedback_is_open, render_feedback
    from nbjudge.gradebook import open_gradebook, read_marks, store_feedback
    from nbjudge.results import load_result
    from nbjudge.scoring import apply_marks, score

    opened = _open(course, name)
    declared = opened.declared
    if not feedback_is_open(declared, datetime.now(UTC)):
        raise CourseError(
            f"{name}: feedback opens after the hard deadline, {declared.hard_deadline:%Y-%m-%d %H:%M %Z}; "
            f"to open it now, set assignments[{name!r}]['feedback'] = 'always' in course_config.py"
        )
    with open_gradebook(course) as book:
        marks = read_marks(book, name)
    titles = {language: exercise_titles(notebook) for language, notebook in opened.released.items()}
    pages = []
    for path in _results(course, name, students):
        result = load_result(path.read_bytes())
        mine = marks.get(result.student, {})
        points = apply_marks(score(declared, opened.exercises, result), mine)
        page = render_feedback(course, declared, result, points, marks=mine, titles=titles[result.language])
        pages.append(store_feedback(course, name, result.student, page))
    return pages


def grades(course: Course, name: str | None = None) -> list[GradeRow]:
    """The gradebook's rows, manual scores and late penalties applied."""
    from nbjudge.gradebook import open_gradebook, read_grades

    if name is not None:
        pick_assignment(course, name)
    with open_gradebook(course) as book:
        return read_grades(book, name)


def _results(course: Course, name: str, students: Sequence[str]) -> list[Path]:
    folder = course.gradebook / "results"
    if not students:
        return sorted(folder.glob(f"*/{name}.json"))
    paths = [folder / student / f"{name}.json" for student in students]
    for path in paths:
        if not path.is_file():
            raise CourseError(f"{path}: not graded yet; run `nbjudge grade {name}` first")
    return paths
