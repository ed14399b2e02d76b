"""`nbjudge status`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from nbjudge.app import reporting
from nbjudge.app.options import GradingOptions
from nbjudge.cli.options import gpu_slots, walls, with_course
from nbjudge.cli.tables import console, show_table, table
from nbjudge.model import Course, StoredTrouble, TroubleKind

if TYPE_CHECKING:
    from nbjudge.reporting.status import AssignmentStatus
    from nbjudge.sandbox import Isolation

KINDS: dict[TroubleKind, str] = {
    "sandbox": "the sandbox failed",
    "worker_died": "its worker died twice",
    "no_worker": "no worker was left",
    "no_slot": "no worker could start on a GPU",
    "no_result": "the judge gave no result",
    "failed": "an error in nbjudge",
    "submission_changed": "its file changed meanwhile",
    "not_recorded": "graded, but not recorded",
    "bad_timestamp": "its timestamp.txt says no time that can be read",
}
MANY = 8  # names that fit on a line


@click.command("status")
@click.argument("assignment", required=False, metavar="[ASSIGNMENT]")
@gpu_slots
@walls
@with_course
def command(
    course: Course, assignment: str | None, gpu_slots: int, isolation: Isolation | None, image: str | None
) -> int:
    """Shows where an assignment stands, or each: what is graded, what waits, what went wrong, what is slow.

    Reads only. The options are those of the `nbjudge grade` that it foretells. Exit code 1 if a submission is in
    trouble, or if grading would refuse to begin.
    """
    options = GradingOptions(isolation=isolation, image=image, gpu_slots=gpu_slots)
    found = reporting.status(course, assignment, options)
    show_status(found)
    return 1 if any(one.needs_attention for one in found) else 0


def show_status(found: Sequence[AssignmentStatus]) -> None:
    """A row for each assignment, then what there is to say about each."""
    shown = table(
        "assignment", "submitted", "graded", "new", "changed", "in trouble", "by hand", words=("assignment",)
    )
    for one in found:
        counts = (one.submitted, one.graded, len(one.new), len(one.changed))
        trouble = f"[red]{len(one.troubles)}[/]" if one.troubles else "0"
        shown.add_row(one.assignment, *map(str, counts), trouble, str(len(one.by_hand)))
    show_table(shown)
    if not any(one.submitted for one in found):
        console.print(
            "nothing was handed in yet: take notebooks in with `nbjudge submit` or `nbjudge collect`"
        )
    for one in found:
        if one.submitted or one.misnamed:
            _show_details(one)


def _show_details(one: AssignmentStatus) -> None:
    console.print(f"[bold]{one.assignment}[/]: {_next(one)}")
    for trouble in one.troubles:
        _show_trouble(trouble)
    if one.misnamed:
        console.print(
            f"  [red]not graded[/]: folders in gradebook/submitted/ that are no student's id: {escape(_names(one.misnamed))};"
            " rename them"
        )
    if one.undated:
        console.print(f"  handed in at an unknown time, counted as in time: {escape(_names(one.undated))}")
    if one.by_hand:
        console.print(f"  for a person, in formgrader: {escape(_names(one.by_hand))}")
    if one.slowest:
        console.print("  slowest tests, in seconds (median, longest):")
    for test in one.slowest:
        console.print(
            f"  {test.median:8.2f} {test.longest:8.2f}  {escape(test.test)} ({escape(test.exercise)})"
        )


def _next(one: AssignmentStatus) -> str:
    command = f"`nbjudge grade {one.assignment}`"
    if one.refused:
        return f"[red]{command} would refuse[/]: {escape(one.refused)}"
    if not one.to_grade:
        return "everything is graded"
    parts = [f"{len(names)} {word}" for names, word in ((one.new, "new"), (one.changed, "changed")) if names]
    again = f", {len(one.troubles)} of them once more after trouble" if one.troubles else ""
    return f"{command} grades {one.to_grade} ({' and '.join(parts)}{again})"


def _show_trouble(trouble: StoredTrouble) -> None:
    tries = "1 try" if trouble.tries == 1 else f"{trouble.tries} tries"
    console.print(
        f"  [red]trouble[/] {escape(trouble.student)}: {KINDS.get(trouble.kind, trouble.kind)};"
        f" {tries} since {trouble.since:%Y-%m-%d %H:%M} UTC"
    )
    reason = _first_line(trouble.message)
    if reason:
        console.print(f"          {escape(reason)}", style="dim", soft_wrap=True)


def _first_line(message: str) -> str:
    """A message's last line if it is a traceback, else its first; without what a terminal would obey."""
    lines = [line for line in message.splitlines() if line.strip()] or [""]
    line = lines[-1] if "Traceback" in message else lines[0]
    return "".join(sign if sign.isprintable() else "?" for sign in line.strip())


def _names(students: Sequence[str]) -> str:
    more = f" and {len(students) - MANY} more" if len(students) > MANY else ""
    return ", ".join(students[:MANY]) + more
