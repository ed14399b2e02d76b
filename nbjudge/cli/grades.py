"""`nbjudge grades`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.markup import escape

from nbjudge.app import reporting
from nbjudge.cli.options import with_course
from nbjudge.cli.tables import console, format_points, show_table, table
from nbjudge.files import write_atomically
from nbjudge.model import Course, GradeRow

STATUS = {
    "graded": "graded",
    "needs manual grading": "by hand",
    "not graded": "not graded",
    "not submitted": "nothing handed in",
}  # a person's turn; short, or it would not fit


@click.command("grades")
@click.argument("assignment", required=False, metavar="[ASSIGNMENT]")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Write CSV (-: to standard output).",
)
@with_course
def command(course: Course, assignment: str | None, csv_file: Path | None) -> int:
    """Shows or exports the gradebook, of one assignment or of all, with marks by hand and late penalties applied."""
    rows = reporting.grades(course, assignment)
    if csv_file is None:
        show_grades(rows)
    elif str(csv_file) == "-":
        click.echo(reporting.grades_csv(rows), nl=False)
    else:
        write_atomically(csv_file, reporting.grades_csv(rows).encode())
        console.print(f"{len(rows)} grades written to {csv_file}")
    return 0


def show_grades(rows: Sequence[GradeRow]) -> None:
    """The gradebook as a table, one for each assignment."""
    if not rows:
        console.print("the gradebook is empty: run `nbjudge grade` first")
    for assignment in dict.fromkeys(row.assignment for row in rows):
        _show_assignment(assignment, [row for row in rows if row.assignment == assignment])


def _show_assignment(assignment: str, rows: Sequence[GradeRow]) -> None:
    exercises = list(dict.fromkeys(id_ for row in rows for id_ in row.exercises))
    late = any(row.penalty for row in rows)
    shown = table(
        "student",
        *(str(number) for number, _ in enumerate(exercises, 1)),
        *(["score", "late", "final"] if late else ["score"]),
        *("of", "status"),
        words=("student", "status"),
        title=assignment,
    )
    for row in rows:
        totals = (row.score, -row.penalty, row.final) if late else (row.score,)
        points = [*(row.exercises.get(id_) for id_ in exercises), *totals, row.points]
        shown.add_row(escape(row.student), *map(format_points, points), STATUS[row.status])
    show_table(shown)
    names = ", ".join(f"{number} {name}" for number, name in enumerate(exercises, 1))
    console.print(f"exercises: {names}", style="dim")
