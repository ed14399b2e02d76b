"""`nbjudge new`."""

from __future__ import annotations

import click

from nbjudge.app import authoring
from nbjudge.cli.options import assignment, with_course
from nbjudge.cli.tables import console
from nbjudge.model import Course


@click.command("new")
@assignment
@with_course
def command(course: Course, assignment: str) -> int:
    """Adds an assignment with one exercise, its hidden tests and its samples, which passes the check as it is."""
    for path in authoring.new_assignment(course, assignment):
        console.print(f"  {path.relative_to(course.root)}", soft_wrap=True)
    console.print(
        f"next: edit the notebook and its tests, then `nbjudge check {assignment}`, `nbjudge release {assignment}`"
    )
    return 0
