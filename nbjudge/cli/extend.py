"""`nbjudge extend`."""

from __future__ import annotations

import click
from rich.markup import escape

from nbjudge.app import late
from nbjudge.cli.options import with_course
from nbjudge.cli.tables import console, format_points
from nbjudge.errors import CourseError
from nbjudge.model import Course


@click.command("extend")
@click.argument("names", nargs=-1, required=True, metavar="[STUDENT]... ASSIGNMENT")
@click.option("--group", "groups", multiple=True, metavar="G", help="Everybody in this group (repeatable).")
@click.option("--days", type=click.FloatRange(min=0), metavar="N", help="Both deadlines move by N days.")
@click.option(
    "--until", metavar="TIME", help="The deadline becomes TIME, as 2027-02-14 or '2027-02-14 18:00'."
)
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept with the extension.")
@click.option("--by", metavar="NAME", help="Who grants it (default: the user who runs this).")
@click.option("--dry-run", is_flag=True, help="Show what it would change, and change nothing.")
@with_course
def command(
    course: Course,
    names: tuple[str, ...],
    groups: tuple[str, ...],
    days: float | None,
    until: str | None,
    reason: str,
    by: str | None,
    dry_run: bool,
) -> int:
    """Gives students, or a group, more time for an assignment.

    Both deadlines move by as much, counted from the class's. A student's newest extension counts; --days 0 takes it
    back. Grades follow at once, and nothing is run again.
    """
    *students, assignment = names
    if assignment not in course.assignments and not students and not groups:
        raise CourseError(f"which assignment? {assignment!r} is none: `nbjudge extend STUDENT ASSIGNMENT`")
    done = late.extend(
        course,
        assignment,
        students,
        groups,
        days=days,
        until=until,
        reason=reason,
        by=by,
        dry_run=dry_run,
    )
    for one in done:
        points = ""
        if one.final_before is not None and one.final_after is not None:
            points = f"; {format_points(one.final_before)} → {format_points(one.final_after)} points"
        new = "" if one.known else "; this student has not handed in anything yet"
        console.print(
            f"{escape(one.student)}: {assignment} until {one.after:%Y-%m-%d %H:%M %Z}"
            f" (before: {one.before:%Y-%m-%d %H:%M}){points}{new}",
            soft_wrap=True,
        )
    if dry_run:
        console.print("nothing was changed: --dry-run")
    return 0
