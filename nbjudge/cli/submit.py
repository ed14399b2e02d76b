"""`nbjudge submit`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape

from nbjudge.app import intake, receipts
from nbjudge.app.intake import Receipt
from nbjudge.app.opened import only_assignment
from nbjudge.cli.options import with_course
from nbjudge.cli.tables import console, warnings_of
from nbjudge.model import Course


@click.command("submit")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--student", required=True, metavar="ID", help="Whose notebook it is.")
@click.option(
    "--assignment", metavar="NAME", help="Which assignment it answers (default: the course's only one)."
)
@with_course
def command(course: Course, file: Path, student: str, assignment: str | None) -> int:
    """Takes in one student's notebook and prints a receipt."""
    name = only_assignment(course) if assignment is None else assignment
    receipt = intake.submit_file(course, name, student, file)
    show_receipt(receipt)
    console.print("\nfor the student, to keep (`nbjudge receipt verify` checks it):\n", style="dim")
    click.echo(receipts.sign_stored(course, receipt))
    return 0


def show_receipt(receipt: Receipt) -> None:
    """The receipt of one submission."""
    again = " (the same file again: nothing changed)" if receipt.again else ""
    console.print(
        f"[bold]{escape(receipt.student)}[/] submitted {receipt.assignment}, attempt {receipt.attempt}{again}"
    )
    console.print(f"  received  {receipt.timestamp:%Y-%m-%d %H:%M:%S} UTC")
    console.print(f"  sha256    {receipt.sha256}")
    if changed := [name for name, state in receipt.solutions.items() if state == "changed"]:
        console.print(f"  answers   {', '.join(changed)}")
    for warning in warnings_of(receipt):
        console.print(f"  [yellow]note[/]      {escape(warning)}", soft_wrap=True)
