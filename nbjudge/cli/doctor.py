"""`nbjudge doctor`."""

from __future__ import annotations

from contextlib import suppress

import click
from rich.markup import escape

from nbjudge.cli.options import Place
from nbjudge.cli.tables import console
from nbjudge.errors import CourseError
from nbjudge.sandbox.probe import probe

MARKS = {"ok": "[green]ok     [/]", "missing": "[red]missing[/]", "optional": "[yellow]without[/]"}


@click.command("doctor")
@click.pass_obj
def command(place: Place) -> int:
    """Looks at each wall that this machine offers, and at GPUs; says what to do about what is missing.

    In a course's folder also whether the jail would hide it.
    """
    works, course = True, None
    with suppress(CourseError):  # it needs none
        course = place.load()
    for requirement in probe(course):
        works = works and requirement.state != "missing"
        console.print(
            f"{MARKS[requirement.state]} {requirement.name:17} {escape(requirement.detail)}", soft_wrap=True
        )
        if requirement.advice and requirement.state != "ok":
            console.print(f"        {'':17} -> {escape(requirement.advice)}", soft_wrap=True)
    console.print("grading is safe here" if works else "[red]grading would refuse here[/]")
    return 0 if works else 1
