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
    for finding in probe():
        works = works and finding.verdict != "missing"
        console.print(f"{MARKS[finding.verdict]} {finding.name:17} {escape(finding.detail)}", soft_wrap=True)
        if finding.advice and finding.verdict != "ok":
            console.print(f"        {'':17} -> {escape(finding.advice)}", soft_wrap=True)
    console.print("grading is safe here" if works else "[red]grading would refuse here[/]")
    return 0 if works else 1
