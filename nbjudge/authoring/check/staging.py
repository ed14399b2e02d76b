"""The assignment as it would be once released, in a temporary folder: the check changes nothing in the course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from nbjudge.authoring.leaks import LeakError
from nbjudge.authoring.release import build_release
from nbjudge.authoring.samples import build_sample
from nbjudge.errors import CourseError
from nbjudge.model import Course, Exercise
from nbjudge.notebooks.cells import Notebook
from nbjudge.notebooks.exercises import find_exercises
from nbjudge.notebooks.released_form import load_notebook, release_name

SOLVED = "# base: solution\n# expected: all\n"  # the sample that changes nothing


class FlawError(Exception):
    """The assignment can't be graded as it is: its message, line by line, becomes the findings of `section`."""

    def __init__(self, section: str, message: str) -> None:
        super().__init__(message)
        self.section = section


@dataclass(frozen=True, slots=True)
class StagedAssignment:
    """An assignment with a fresh release in a temporary folder, and its notebooks."""

    course: Course  # its root is the folder
    name: str
    source: Notebook
    released: Notebook  # in the course's first language
    solved: Notebook  # what a student with the author's solutions would hand in
    helpers: Mapping[str, bytes]  # released files that are not notebooks, by relative path
    exercises: tuple[Exercise, ...]

    @property
    def automatic(self) -> tuple[str, ...]:
        """Ids of the exercises that tests grade, in order."""
        return tuple(exercise.id for exercise in self.exercises if not exercise.manual)


def stage_assignment(course: Course, name: str, folder: Path) -> StagedAssignment:
    """Builds the release of `name` in `folder`, which is empty and outlives what this returns.

    FlawError if no release can be built; CourseError if the source notebook is missing or damaged.
    """
    try:
        files = build_release(course, name)
    except CourseError as error:
        raise FlawError("leaks" if isinstance(error, LeakError) else "structure", str(error)) from None
    staged = stage_course(course, name, folder, files)
    source = load_notebook(course.source(name) / f"{name}.ipynb", "create the source notebook")
    first = release_name(course, name, course.languages[0])
    released = load_notebook(staged.release(name) / first, "build the release")
    notebooks = {release_name(course, name, language) for language in course.languages}
    return StagedAssignment(
        course=staged,
        name=name,
        source=source,
        released=released,
        solved=build_sample(SOLVED, source, released),
        helpers={path: data for path, data in files.items() if path not in notebooks},
        exercises=find_exercises(source, name),
    )


def stage_course(course: Course, name: str, folder: Path, files: Mapping[str, bytes]) -> Course:
    """The course as it would be once `name` is released with `files`: links to everything, and a new release."""
    for entry in course.root.iterdir():
        if entry.name != "release" and not entry.name.startswith(".") and entry != course.gradebook:
            (folder / entry.name).symlink_to(entry.resolve())
    for inside, data in files.items():
        path = folder / "release" / name / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return replace(course, root=folder, gradebook=folder / "gradebook")
