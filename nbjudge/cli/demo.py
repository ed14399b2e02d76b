"""`nbjudge demo`."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import click

from nbjudge.app.demo import Demo, grade_samples
from nbjudge.app.opened import first_assignment
from nbjudge.app.options import GradingOptions
from nbjudge.cli.options import walls, with_course
from nbjudge.cli.tables import (
    console,
    numbers,
    progress,
    score_cells,
    show_legend,
    show_table,
    show_troubles,
    table,
    warn_of_walls,
)
from nbjudge.model import Course

if TYPE_CHECKING:
    from nbjudge.sandbox import Isolation


@click.command("demo")
@click.argument("assignment", required=False, metavar="[ASSIGNMENT]")
@click.option("--sample", "samples", multiple=True, metavar="NAME", help="Only this one (repeatable).")
@walls
@with_course
def command(
    course: Course,
    assignment: str | None,
    samples: tuple[str, ...],
    isolation: Isolation | None,
    image: str | None,
) -> int:
    """Grades the sample submissions of an assignment (default: the course's first), apart from the real gradebook.

    Exit code 1 if one of them does not get exactly the score that it must.
    """
    name = assignment or first_assignment(course)
    options = GradingOptions(students=samples, isolation=isolation, image=image)
    with progress(f"Grading the samples of {name}") as watch:
        demo = grade_samples(course, name, options, watch)
    show_demo(demo)
    return 0 if demo.passed else 1


def show_demo(demo: Demo) -> None:
    """The samples' table against their expected scores."""
    exercises = demo.report.graded[0].score.exercises if demo.report.graded else ()
    shown = table("good", "sample", *numbers(exercises), "score", words=("good", "sample"))
    for verdict, samples in groupby(demo.samples, lambda one: one.sample.verdict):
        shown.add_section()
        shown.add_row("", f"[bold]{verdict}[/]")
        for one in samples:
            cells = score_cells(one.graded.score) if one.graded else ["?"] * (len(exercises) + 1)
            mark = "[green]yes[/]" if one.as_expected else "[red]NO[/]"
            shown.add_row(mark, one.sample.name, *cells)
    show_table(shown)
    show_legend(exercises)
    show_troubles(demo.report)
    warn_of_walls(demo.report.graded)
    right = sum(one.as_expected for one in demo.samples)
    console.print(f"{len(demo.samples)} samples, {right} with exactly their expected score")
    if demo.example:
        console.print("feedback pages, one for each sample, such as:", soft_wrap=True)
        console.print(str(demo.example), soft_wrap=True)
