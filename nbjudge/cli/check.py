"""`nbjudge check`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from nbjudge.app.check import check_assignment, record_report
from nbjudge.app.options import SEEDS, CheckOptions
from nbjudge.cli.options import assignment, gpu_slots, jobs, walls, with_course
from nbjudge.cli.tables import bar, console, show_diff
from nbjudge.files import write_atomically
from nbjudge.model import Course

if TYPE_CHECKING:
    from nbjudge.authoring.check.report import CheckReport
    from nbjudge.sandbox import Isolation


@click.command("check")
@assignment
@click.option(
    "--exercise",
    "exercises",
    multiple=True,
    metavar="ID",
    help="Mutants of this one only; no proof (repeatable).",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=SEEDS,
    metavar="N",
    help=f"Seeds to try the solution with (default: {SEEDS}; fewer: no proof).",
)
@jobs
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Write the report here too (-: to standard output, and nothing else).",
)
@gpu_slots
@walls
@with_course
def command(
    course: Course,
    assignment: str,
    exercises: tuple[str, ...],
    seeds: int,
    jobs: int | None,
    json_file: Path | None,
    gpu_slots: int,
    isolation: Isolation | None,
    image: str | None,
) -> int:
    """Proves an assignment's autograder: the solution passes, wrong solutions don't, thresholds hold.

    Writes the proof that `nbjudge release` asks for.
    """
    options = CheckOptions(exercises, seeds, jobs, isolation, image, gpu_slots)
    with bar(f"Checking {assignment}") as watch:
        report = check_assignment(course, assignment, options, watch=watch)
    written = record_report(course, report)
    if str(json_file) == "-":
        click.echo(_json(report), nl=False)
    else:
        if json_file is not None:
            write_atomically(json_file, _json(report).encode())
            written = [*written, json_file]
        show_check(report, written)
    return 0 if report.passed else 1


def show_check(report: CheckReport, written: Sequence[Path]) -> None:
    """The check's answers: one line for each question, its findings, and the pages that say more."""
    for part in report.sections:
        mark = "[green]yes[/]" if part.passed else "[red]NO [/]" if part.ran else "[dim] - [/]"
        console.print(f"{mark} {part.title:38} [dim]{escape(part.summary)}[/]", soft_wrap=True)
        for finding in part.findings:
            where = f"{finding.exercise}: " if finding.exercise else ""
            console.print(f"      [bold]{where}[/]{escape(finding.message)}", soft_wrap=True)
            show_diff(finding.diff)
    explained = any(part.id == "mutants" and part.passed for part in report.sections)
    for mutant in report.mutants if explained else ():
        if mutant.outcome == "survived":
            where = f"{mutant.cell}, line {mutant.line}"
            console.print(f"    survives: {where} ({mutant.operator}, {mutant.id})", style="yellow")
            show_diff(mutant.diff)
    if report.times.submission:
        slowest = ", ".join(f"{test.test} {test.seconds:.1f} s" for test in report.times.tests[:3])
        console.print(
            f"    {report.times.submission:.1f} s for a submission, {report.times.per_hour:.0f} an hour per core;"
            f" slowest: {slowest}",
            style="dim",
        )
    for path in written:
        console.print(f"    {path}", style="dim", soft_wrap=True)
    outcome = "[green bold]passed[/]" if report.passed else "[red bold]did not pass[/]"
    partial = ", but only in part: no proof was written" if report.partial else ""
    console.print(f"{report.assignment}: the check {outcome} in {report.seconds:.0f} s{partial}")


def _json(report: CheckReport) -> str:
    from nbjudge.authoring.check.report import dump_report

    return dump_report(report)
