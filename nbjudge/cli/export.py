"""`nbjudge export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from nbjudge.app import exporting
from nbjudge.cli.options import assignment, with_course
from nbjudge.cli.tables import console
from nbjudge.errors import CourseError
from nbjudge.files import write_atomically
from nbjudge.model import Course

if TYPE_CHECKING:
    from nbjudge.reporting.exports import Export

PATH = click.Path(path_type=Path)


@click.command("export")
@assignment
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), required=False, metavar="[FILE]")
@click.option("--to", type=click.Choice(exporting.FORMATS), required=True, help="For whom.")
@click.option(
    "--template",
    type=PATH,
    metavar="CSV",
    help="Fill in the file that the LMS gave: Moodle's grading worksheet, Canvas's gradebook.",
)
@click.option("--column", metavar="NAME", help="The template's column for the grades.")
@click.option("--match", metavar="NAME", help="The template's column with the ids of the students here.")
@click.option(
    "--unfinished", is_flag=True, help="Export what is there even if a person has not finished grading."
)
@click.option(
    "--feedback",
    type=PATH,
    metavar="ZIP",
    help="Also write the feedback pages, for Moodle's upload in a zip.",
)
@with_course
def command(
    course: Course,
    assignment: str,
    file: Path | None,
    to: str,
    template: Path | None,
    column: str | None,
    match: str | None,
    unfinished: bool,
    feedback: Path | None,
) -> int:
    """Writes the grades of an assignment as an LMS or a spreadsheet takes them; every student is listed.

    FILE is a new file (-: standard output; default: in gradebook/exports/). Exit code 1 if a person should look at something.
    """
    if feedback is not None and to != "moodle":
        raise CourseError("--feedback writes the zip that Moodle takes: use it with --to moodle")
    if template is not None and to not in ("moodle", "canvas"):
        raise CourseError("--template is for --to moodle and --to canvas")
    if feedback is not None and template is None:
        raise CourseError(
            "--feedback needs the numbers of Moodle's participants: pass the grading worksheet with --template"
        )
    done = exporting.export(
        course, assignment, to, template=template, column=column, match=match, unfinished=unfinished
    )
    if str(file) == "-":
        sys.stdout.buffer.write(done.data)
    else:
        target = file or exporting.default_file(course, assignment, to)
        write_atomically(target, done.data, mode=0o600)
        console.print(f"{done.grades} grades written to {escape(str(target))}", soft_wrap=True)
    looks = _show_notices(done)
    if feedback is not None:
        pages = exporting.export_feedback(course, assignment, template=template, match=match)
        write_atomically(feedback, pages.data, mode=0o600)
        console.print(f"{pages.grades} feedback pages written to {escape(str(feedback))}", soft_wrap=True)
        looks = _show_notices(pages, done) or looks
    return 1 if looks else 0


def _show_notices(done: Export, before: Export | None = None) -> bool:
    """Prints what somebody should know, unless it was said before; whether there was anything."""
    notices = [notice for notice in done.notices if before is None or notice not in before.notices]
    for notice in notices:
        click.echo(f"note: {notice}", err=True)
    return bool(notices)
