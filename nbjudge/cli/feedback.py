"""`nbjudge feedback`."""

from __future__ import annotations

import click

from nbjudge.app import reporting
from nbjudge.cli.options import assignment, students, with_course
from nbjudge.cli.tables import console
from nbjudge.model import Course


@click.command("feedback")
@assignment
@students
@with_course
def command(course: Course, assignment: str, students: tuple[str, ...]) -> int:
    """Writes a page of feedback for each graded student."""
    pages = reporting.feedback(course, assignment, students)
    if not pages:
        console.print("nothing is graded yet: run `nbjudge grade` first")
        return 0
    console.print(f"{len(pages)} pages in {course.gradebook / 'feedback'}, such as:", soft_wrap=True)
    console.print(str(pages[0]), soft_wrap=True)
    return 0
