"""`nbjudge collect`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from nbjudge.app import intake
from nbjudge.app.intake import Receipt
from nbjudge.cli.options import assignment, with_course
from nbjudge.cli.tables import console, warnings_of
from nbjudge.model import Course

if TYPE_CHECKING:
    from nbjudge.intake.layouts import Refusal

FEW = 2  # repairs that fit on a line


@click.command("collect")
@assignment
@click.argument("path", type=click.Path(path_type=Path), metavar="FOLDER_OR_ARCHIVE")
@with_course
def command(course: Course, assignment: str, path: Path) -> int:
    """Takes in a folder, zip or tar archive of notebooks: STUDENT.ipynb, or STUDENT/….ipynb."""
    return 1 if show_collected(intake.collect(course, assignment, path)) else 0


def show_collected(outcomes: Sequence[Receipt | Refusal]) -> int:
    """One line for each file of a folder or archive; returns how many were refused."""
    stored = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    for receipt in stored:
        attempt = "unchanged" if receipt.again else f"attempt {receipt.attempt}"
        line = "; ".join([f"{attempt}, sha256 {receipt.sha256[:12]}", *warnings_of(receipt, FEW)])
        console.print(f"{escape(receipt.student)}: {escape(line)}")
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Receipt)]
    for refusal in refused:
        console.print(f"[red]refused[/] {escape(refusal.name)}: {escape(refusal.reason)}")
    console.print(f"{len(stored)} submissions stored, {len(refused)} refused")
    return len(refused)
