"""An assignment with what its stages need, read once per command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbjudge.course import CONFIG, pick_assignment
from nbjudge.errors import CourseError
from nbjudge.model import Assignment, Course, Exercise, Language

if TYPE_CHECKING:
    from nbjudge.notebooks.cells import Notebook
    from nbjudge.notebooks.released_form import ReleasedForm


@dataclass(frozen=True, slots=True)
class OpenedAssignment:
    """One assignment of a course: its declaration, and its notebooks as they were when it was opened."""

    course: Course
    declared: Assignment
    source: Notebook
    exercises: tuple[Exercise, ...]
    released: dict[Language, Notebook]  # the course's first language comes first
    form: ReleasedForm

    @property
    def name(self) -> str:
        """The assignment's name."""
        return self.declared.name

    @property
    def automatic(self) -> frozenset[str]:
        """Ids of the exercises that tests grade."""
        return frozenset(exercise.id for exercise in self.exercises if not exercise.manual)

    @property
    def first_release(self) -> Notebook:
        """The release in the course's first language."""
        return next(iter(self.released.values()))


def open_assignment(course: Course, name: str) -> OpenedAssignment:
    """Reads an assignment's source and releases; CourseError names what is missing, wrong or contradictory."""
    from nbjudge.notebooks.exercises import check_points, find_exercises
    from nbjudge.notebooks.released_form import load_releases, load_source, make_released_form

    declared = pick_assignment(course, name)
    source = load_source(course, name)
    exercises = find_exercises(source, str(course.source(name) / f"{name}.ipynb"))
    check_points(exercises, declared)
    released = load_releases(course, name)
    return OpenedAssignment(
        course,
        declared,
        source,
        exercises,
        released,
        make_released_form(name, released, source, course.assignments.keys() - {name}),
    )


def only_assignment(course: Course) -> str:
    """The name of the course's one assignment; CourseError lists them where there are several, or none."""
    if len(course.assignments) != 1:
        raise CourseError(f"which assignment? Name one of {_names(course)}")
    return next(iter(course.assignments))


def first_assignment(course: Course) -> str:
    """The name of the course's first assignment; CourseError if it has none."""
    if not course.assignments:
        raise CourseError(
            f"{course.root / CONFIG}: the course has no assignments yet: `nbjudge new` adds one"
        )
    return next(iter(course.assignments))


def _names(course: Course) -> str:
    return ", ".join(course.assignments) or "none: `nbjudge new` adds one"
