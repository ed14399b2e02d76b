"""What several commands share: arguments, options, and the course that they work on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from nbjudge.model import Course

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Place:
    """Where the course and its state are."""

    course: Path  # the course's folder or one below it
    gradebook: Path | None  # None: the course's own

    def load(self) -> Course:
        """The course; CourseError if there is none."""
        from nbjudge.course import find_root, load_course

        return load_course(find_root(self.course), self.gradebook)


def with_course(command: Callable[..., int]) -> Callable[..., int]:
    """Hands the course to a command as its first argument."""

    @click.pass_obj
    @wraps(command)
    def run(place: Place, /, *arguments: Any, **options: Any) -> int:
        course = place.load()
        for note in course.notes:
            click.echo(f"nbjudge: note: {note}", err=True)
        return command(course, *arguments, **options)

    return run


assignment = click.argument("assignment", metavar="ASSIGNMENT")

students = click.option(
    "--student", "students", multiple=True, metavar="ID", help="Only this one (repeatable)."
)

jobs = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Worker processes (default: one per core; one where all students share a user id).",
)


def walls(command: Function) -> Function:
    """--isolation and --image."""
    isolation = click.option(
        "--isolation",
        type=click.Choice(["namespaces", "container", "none"]),
        help="Walls around student code (default: namespaces, or a container where the machine offers none);"
        " none: no walls at all, marked on every result.",
    )
    image = click.option(
        "--image", metavar="NAME", help="Grade in containers of this image (default: nbjudge-grader)."
    )
    return isolation(image(command))


gpu_slots = click.option(
    "--gpu-slots",
    type=click.IntRange(min=0),
    default=1,
    metavar="N",
    help="Submissions at once on each GPU, for tests that ask for one (default: 1; 0: no GPU).",
)
