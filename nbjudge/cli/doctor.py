"""`nbjudge doctor`."""

from __future__ import annotations

import click
from rich.markup import escape

from nbjudge.cli.tables import console
from nbjudge.sandbox.probe import probe

MARKS = {"ok": "[green]ok     [/]", "missing": "[red]missing[/]", "optional": "[yellow]without[/]"}


@click.command("doctor")
def command() -> int:
    """Looks at each wall that this machine offers, and at GPUs; says what to do about what is missing."""
    works = True
    for requirement in probe():
        works = works and requirement.state != "missing"
        console.print(
            f"{MARKS[requirement.state]} {requirement.name:17} {escape(requirement.detail)}", soft_wrap=True
        )
        if requirement.advice and requirement.state != "ok":
            console.print(f"        {'':17} -> {escape(requirement.advice)}", soft_wrap=True)
    console.print("grading is safe here" if works else "[red]grading would refuse here[/]")
    return 0 if works else 1
