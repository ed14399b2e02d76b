"""`nbjudge grade`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from nbjudge.app import grading
from nbjudge.app.grading import Graded, Report
from nbjudge.app.options import GradingOptions
from nbjudge.cli.options import assignment, gpu_slots, jobs, students, walls, with_course
from nbjudge.cli.tables import (
    console,
    format_points,
    numbers,
    progress,
    score_cells,
    show_legend,
    show_table,
    show_troubles,
    table,
    warn_of_walls,
)
from nbjudge.languages import english
from nbjudge.model import Course, Result

if TYPE_CHECKING:
    from nbjudge.sandbox import Isolation

FEW = 3  # lines to look at that the table names


@click.command("grade")
@assignment
@students
@jobs
@click.option("--force", is_flag=True, help="Grade again what has not changed.")
@gpu_slots
@walls
@with_course
def command(
    course: Course,
    assignment: str,
    students: tuple[str, ...],
    jobs: int | None,
    force: bool,
    gpu_slots: int,
    isolation: Isolation | None,
    image: str | None,
) -> int:
    """Grades every submission that is new or changed, and records the grades."""
    options = GradingOptions(
        students=students, force=force, jobs=jobs, isolation=isolation, image=image, gpu_slots=gpu_slots
    )
    with progress(f"Grading {assignment}") as watch:
        report = grading.grade(course, assignment, options, watch)
    show_report(report)
    return 1 if report.troubles else 0


def show_report(report: Report) -> None:
    """The table after grading, and one line for each trouble."""
    if report.graded:
        _show_scores(report.graded)
        show_legend(report.graded[0].score.exercises)
    if report.unchanged:
        console.print(f"{len(report.unchanged)} unchanged since they were graded (--force grades them again)")
    show_troubles(report)
    if not report.graded and not report.unchanged and not report.troubles:
        console.print("no submissions: take some in with `nbjudge submit` or `nbjudge collect`")
    warn_of_walls(report.graded)


def _show_scores(graded: Sequence[Graded]) -> None:
    late = any(done.score.factor != 1 for done in graded)
    shown = table(
        "student",
        *numbers(graded[0].score.exercises),
        "score",
        *(["late", "final"] if late else []),
        "notes",
        words=("student", "notes"),
    )
    for done in graded:
        score = done.score
        factor = "" if score.factor == 1 else f"x {score.factor:g}"
        penalised = [factor, format_points(score.final)] if late else []
        name, notes = escape(done.submission.student), escape(_notes(done.result))
        shown.add_row(name, *score_cells(score), *penalised, notes)
    show_table(shown)


def _notes(result: Result) -> str:
    if result.rejected:
        return english(result.rejected)
    faults = dict.fromkeys(test.status for test in result.tests if test.status not in ("passed", "failed"))
    notes = [status.replace("_", " ") for status in faults]
    if result.repairs:
        notes.append(f"{len(result.repairs)} repairs")
    if result.reaches:
        lines = ", ".join(
            f"cell {note.values['cell']} line {note.values['line']}" for note in result.reaches[:FEW]
        )
        notes.append(f"look at {lines}{', ...' if len(result.reaches) > FEW else ''}")
    return ", ".join(notes)
