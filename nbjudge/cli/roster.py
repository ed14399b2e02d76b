"""`nbjudge roster`: list, import, add, remove."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape

from nbjudge.app import roster
from nbjudge.cli.options import with_course
from nbjudge.cli.tables import console, show_table, table
from nbjudge.model import Course
from nbjudge.roster import Student, split_names

SHOWN = 10  # ids on a line


@click.group("roster")
def command() -> None:
    """The course's students: gradebook/students.csv, and nbgrader's database after it."""


@command.command("list")
@with_course
def show(course: Course) -> int:
    """Shows every student, those whom only the database knows too."""
    students = roster.students_of(course)
    shown = table(
        "id",
        "name",
        "e-mail",
        "group",
        "LMS ids",
        "aliases",
        words=("id", "name", "e-mail", "group", "LMS ids", "aliases"),
    )
    for one in students:
        cells = (one.id, one.name, one.email, one.group, "; ".join(one.lms_ids), "; ".join(one.aliases))
        shown.add_row(*map(escape, cells))
    if students:
        show_table(shown)
    console.print(
        f"{len(students)} students" if students else "no students yet: `nbjudge roster import FILE`"
    )
    return 0


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--id", "id_column", metavar="COLUMN", help="The column of the ids (default: a login, else the e-mail)."
)
@click.option("--dry-run", is_flag=True, help="Say what would change; write nothing.")
@with_course
def import_file(course: Course, file: Path, id_column: str | None, dry_run: bool) -> int:
    """Adds and updates students from CSV or xlsx: Moodle's participants, Canvas's gradebook or groups, your own list."""
    change = roster.import_roster(course, file, id_column, dry_run=dry_run)
    for word, ids in (("added", change.added), ("changed", change.changed)):
        if ids:
            more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
            console.print(f"{word}: {escape(', '.join(ids[:SHOWN]))}{more}", soft_wrap=True)
    counts = f"{len(change.added)} added, {len(change.changed)} changed, {len(change.unchanged)} as they were"
    console.print(
        f"{counts}; {len(change.students)} students{' (dry run: nothing written)' if dry_run else ''}"
    )
    return 0


@command.command("add")
@click.argument("id_", metavar="ID")
@click.option("--name", default="", help="Full name.")
@click.option("--email", default="", help="E-mail.")
@click.option(
    "--lms-id", "lms_ids", multiple=True, help="A number or login of a learning system (repeatable)."
)
@click.option("--alias", "aliases", multiple=True, help="Another name that files come under (repeatable).")
@click.option("--group", default="", help="Group or section.")
@click.option("--language", default="", help="Language, such as ru.")
@with_course
def add(
    course: Course,
    id_: str,
    name: str,
    email: str,
    lms_ids: tuple[str, ...],
    aliases: tuple[str, ...],
    group: str,
    language: str,
) -> int:
    """Adds a student, or adds to what is known of one."""
    more = tuple(each for text in lms_ids for each in split_names(text))
    other = tuple(each for text in aliases for each in split_names(text))
    change = roster.add_student(course, Student(id_, name, email, more, other, group, language))
    done = "added" if change.added else "changed" if change.changed else "as it was"
    console.print(f"{escape(id_)}: {done}; {len(change.students)} students")
    return 0


@command.command("remove")
@click.argument("id_", metavar="ID")
@with_course
def remove(course: Course, id_: str) -> int:
    """Takes a student off the roster; submissions and grades stay."""
    removed = roster.remove_student(course, id_)
    stays = "; submissions and grades stay" if removed.kept else ""
    console.print(f"{escape(removed.student.id)}: removed{stays}")
    return 0
