"""What the commands' output shares: the console, tables, points, progress bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, get_args

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from nbjudge.app.grading import Graded
from nbjudge.languages import words
from nbjudge.model import ExerciseScore, Score
from nbjudge.notes import Note, RepairKind

if TYPE_CHECKING:
    from nbjudge.app.check import Step
    from nbjudge.app.grading import Progress, Report
    from nbjudge.app.intake import Receipt

console = Console(highlight=False)
WAITS = "-"  # in a table: not graded yet
BY_HAND = "…"  # a person's turn
WRAPPED = ("notes",)  # columns that may become narrower than what they hold
ANY_WIDTH = 10_000  # columns


@contextmanager
def progress(title: str) -> Iterator[Callable[[Progress], None]]:
    """A progress bar with an ETA; yields the watcher that moves it and prints a line for each trouble."""
    with bar(title) as move:

        def watch(now: Progress) -> None:
            move(now)
            if now.last is not None and not isinstance(now.last, Graded):
                Console(stderr=True, highlight=False).print(
                    f"[red]![/] {escape(now.last.submission.student)}: {escape(now.last.message)}"
                )

        yield watch


@contextmanager
def bar(title: str) -> Iterator[Callable[[Progress | Step], None]]:
    """A progress bar with an ETA on stderr; yields what moves it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    errors = Console(stderr=True, highlight=False)
    with Bar(*columns, console=errors, transient=True, disable=not errors.is_terminal) as shown:
        task = shown.add_task(title, total=None)
        yield lambda now: shown.update(task, completed=now.done, total=now.total)


def table(*columns: str, words: Sequence[str], title: str | None = None) -> Table:
    """An empty table; the columns called `words` hold text, the others numbers."""
    made = Table(title=title, title_justify="left", box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        made.add_column(
            column,
            justify="left" if column in words else "right",
            overflow="fold",
            no_wrap=column not in WRAPPED,
            min_width=len(column),
        )
    return made


def show_table(made: Table) -> None:
    """Prints a table; where the terminal is too narrow for its numbers, lines run over its edge: none is cut."""
    needed = Measurement.get(console, console.options.update(width=ANY_WIDTH), made).minimum
    Console(highlight=False, width=max(console.width, needed)).print(made)


def numbers(exercises: Sequence[ExerciseScore]) -> list[str]:
    """Column heads: names of eight exercises are wider than a terminal, so a legend spells them out."""
    return [str(number) for number, _ in enumerate(exercises, 1)]


def show_legend(exercises: Sequence[ExerciseScore]) -> None:
    """Which exercise each number stands for."""
    parts = (
        f"{number} {part.exercise} ({format_points(part.points)})" for number, part in enumerate(exercises, 1)
    )
    by_hand = f"; {BY_HAND} waits for a person" if any(part.manual for part in exercises) else ""
    console.print("exercises (points): " + ", ".join(parts) + by_hand, style="dim")


def score_cells(score: Score) -> list[str]:
    """A table's cells: each exercise's points, then their sum."""
    return [*map(_exercise, score.exercises), format_points(score.score)]


def format_points(value: float | None) -> str:
    """At most two decimals, no trailing zeros, never minus zero; WAITS for None."""
    if value is None:
        return WAITS
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def show_troubles(report: Report) -> None:
    """One line for each submission that could not be graded."""
    for trouble in report.troubles:
        console.print(f"[red]not graded[/] {escape(trouble.submission.student)}: {escape(trouble.message)}")


def warn_of_walls(graded: Sequence[Graded]) -> None:
    """Says so if student code could do anything."""
    if any(done.result.environment.get("isolation") == "none" for done in graded):
        console.print(
            "[red bold]graded without isolation[/]: student code could read and change everything you can"
        )


def show_diff(diff: str) -> None:
    """Removed lines in red, added ones in green."""
    for line in diff.splitlines():
        style = "red" if line.startswith("-") else "green"
        console.print(f"        {escape(line)}", style=style, soft_wrap=True)


def warnings_of(receipt: Receipt, most: int | None = None, without: Sequence[str] = ()) -> list[str]:
    """What a receipt warns of, a sentence each, in the notebook's language; of more repairs than `most` their number.

    Kinds of notes that are shown otherwise are left out.
    """
    say = words(receipt.language)
    warnings = [note for note in receipt.warnings if note.kind not in without]
    repairs = [note for note in warnings if note.kind in get_args(RepairKind)]
    if most is None or len(repairs) <= most:
        return [say.message(note) for note in warnings]
    others = [say.message(note) for note in warnings if note not in repairs]
    return [*others, say.message(Note("repairs_on_the_page", {"n": len(repairs)}))]


def _exercise(part: ExerciseScore) -> str:
    if part.score is None:
        return f"[dim]{BY_HAND}[/]" if part.manual else "[yellow]open[/]"
    style = "green" if part.score == part.points else "red" if part.score == 0 else "yellow"
    return f"[{style}]{format_points(part.score)}[/]"
