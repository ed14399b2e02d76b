"""`nbjudge release`."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.markup import escape

from nbjudge.app import authoring
from nbjudge.cli.options import with_course
from nbjudge.cli.tables import console
from nbjudge.model import Course

STYLES = {"+": "green", "-": "red", "@": "cyan", " ": None}  # of a diff's lines; others are headings


@click.command("release")
@click.argument("assignments", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a release is stale.")
@click.option("--diff", is_flag=True, help="Write nothing; show what students would see change.")
@click.option(
    "--unproved", is_flag=True, help="Release although `nbjudge check` has not passed; this is recorded."
)
@with_course
def command(course: Course, assignments: tuple[str, ...], check: bool, diff: bool, unproved: bool) -> int:
    """Makes the students' version of the assignments named, or of all."""
    stale = False
    for name in assignments or course.assignments:
        if diff:
            show_changes(name, authoring.release_changes(course, name))
            continue
        changes = authoring.release(course, name, check=check, unproved=unproved)
        show_release(name, changes, check=check, lacks=authoring.proof_lacks(course, name))
        stale = stale or bool(changes)
    return 1 if stale and check else 0


def show_release(name: str, changes: Sequence[str], *, check: bool, lacks: str | None = None) -> None:
    """What `nbjudge release` changed, or would; `lacks`: why it is unproved."""
    for line in changes:
        console.print(escape(line))
    if not changes:
        console.print(f"release/{name} is up to date")
    elif check:
        console.print(f"[red]release/{name} is stale[/]: run `nbjudge release {name}` and commit it")
    else:
        console.print(f"release/{name} written; commit it")
    if lacks:
        console.print(f"[yellow]unproved[/]: {lacks}; prove it with `nbjudge check {name}`", style="dim")


def show_changes(name: str, lines: Sequence[str]) -> None:
    """What students would see change, as coloured diffs."""
    for line in lines:
        console.print(escape(line), style=STYLES.get(line[:1], "bold"), soft_wrap=True)
    if not lines:
        console.print(f"{name}: students see no change")
