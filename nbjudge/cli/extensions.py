"""`nbjudge extensions`."""

from __future__ import annotations

import click
from rich.markup import escape

from nbjudge.app import late
from nbjudge.cli.options import with_course
from nbjudge.cli.tables import console, show_table, table
from nbjudge.lateness import Extension, extended_by
from nbjudge.model import Course

WORDS = ("student", "assignment", "until", "by", "granted", "reason")


@click.command("extensions")
@click.argument("assignment", required=False, metavar="[ASSIGNMENT]")
@with_course
def command(course: Course, assignment: str | None) -> int:
    """Lists who got more time, for how long, from whom and why; nbgrader's own extensions too.

    What a newer extension of the same student replaced is shown dim.
    """
    found = late.extensions(course, assignment)
    if not found:
        console.print("no extensions: `nbjudge extend` grants one")
        return 0
    shown = table("student", "assignment", "until", "days", "by", "granted", "reason", words=WORDS)
    for one, counts in found:
        shown.add_row(*map(escape, _cells(course, one)), style=None if counts else "dim")
    show_table(shown)
    return 0


def _cells(course: Course, one: Extension) -> tuple[str, ...]:
    declared = course.assignments.get(one.assignment)
    until, days = "-", "-"
    if declared is not None:
        by = extended_by(declared.late, one)
        until, days = f"{declared.late.soft + by:%Y-%m-%d %H:%M}", f"{by.total_seconds() / 86400:.4g}"
    granted = f"{one.at:%Y-%m-%d %H:%M} UTC" if one.at else ""
    return one.student, one.assignment, until, days, one.by or one.source, granted, one.reason
