"""`nbjudge collect`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape

from nbjudge.app.collect import Collected, CollectOptions, collect, layout_names, read_time
from nbjudge.app.intake import Receipt
from nbjudge.cli.options import assignment, with_course
from nbjudge.cli.tables import console, warnings_of
from nbjudge.model import Course

FEW = 2  # repairs that fit on a line
HOW = {
    "record": "by the learning system",
    "archive": "by the archive",
    "named": "as said",
    "clock": "our clock",
    "unknown": "time unknown: counts as in time",
}


@click.command("collect")
@assignment
@click.argument("path", type=click.Path(path_type=Path), metavar="FOLDER_OR_ARCHIVE")
@click.option("--layout", type=click.Choice(layout_names()), help="How it is laid out (default: recognised).")
@click.option(
    "--pattern",
    default="",
    metavar="REGEX",
    help="Paths by named groups, as nbgrader's zip_collect takes them.",
)
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The learning system's own sheet (CSV, xlsx): who handed in when.",
)
@click.option(
    "--map",
    "mapping",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="CSV: name in the archive, student's id.",
)
@click.option(
    "--submitted", metavar="TIME", help='When it was handed in, where nothing else says: "2027-02-07 23:58".'
)
@click.option("--dry-run", is_flag=True, help="Show file, student, time and why; store nothing.")
@with_course
def command(
    course: Course,
    assignment: str,
    path: Path,
    layout: str | None,
    pattern: str,
    record: Path | None,
    mapping: Path | None,
    submitted: str | None,
    dry_run: bool,
) -> int:
    """Takes in a folder, zip or tar archive of notebooks, as Moodle, Canvas, Blackboard, Gradescope or nbgrader make it."""
    when = read_time(course, submitted) if submitted else None
    options = CollectOptions(layout, pattern, record, mapping, when, dry_run)
    return 1 if show_collected(collect(course, assignment, path, options), course, dry_run) else 0


def show_collected(collected: Collected, course: Course, dry_run: bool = False) -> int:
    """One line for each submission, then each file that waits for a person; returns how many these are."""
    console.print(f"layout: {collected.layout}")
    for receipt in collected.receipts:
        console.print(f"{escape(receipt.student)}: {escape(_line(receipt, course, dry_run))}", soft_wrap=True)
    for refusal in collected.refusals:
        near = f" (near: {', '.join(refusal.candidates)})" if refusal.candidates else ""
        console.print(
            f"[red]refused[/] {escape(refusal.name)}: {escape(refusal.reason + near)}", soft_wrap=True
        )
    if unknown := sum(receipt.how == "unknown" for receipt in collected.receipts):
        console.print(
            f"[yellow]{unknown} with unknown time[/], counted as in time: --record FILE or --submitted TIME says it"
        )
    what = "would be stored" if dry_run else "stored"
    console.print(f"{len(collected.receipts)} submissions {what}, {len(collected.refusals)} refused")
    return len(collected.refusals)


def _line(receipt: Receipt, course: Course, dry_run: bool) -> str:
    when = f"{receipt.timestamp.astimezone(course.zone):%Y-%m-%d %H:%M:%S} ({HOW[receipt.how]})"
    if receipt.how == "unknown":
        when = HOW["unknown"]
    attempt = "unchanged" if receipt.again else f"attempt {receipt.attempt}"
    notes = warnings_of(receipt, FEW, without=("time_unknown",))
    source = [f"from {receipt.file}"] if dry_run or receipt.file else []
    sentences = [note.rstrip(".") for note in notes]
    return "; ".join([f"{attempt}, {when}, sha256 {receipt.sha256[:12]}", *source, *sentences])
