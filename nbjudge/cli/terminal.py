"""What the commands print: tables, receipts and progress, with rich."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from nbjudge.files import write_atomically
from nbjudge.languages import english
from nbjudge.model import Course, ExerciseScore, Result, Score

if TYPE_CHECKING:
    from nbjudge.app.check import Step
    from nbjudge.app.demo import Demo
    from nbjudge.app.grading import Graded, Progress, Report
    from nbjudge.app.intake import Receipt
    from nbjudge.authoring.check.report import CheckReport
    from nbjudge.authoring.samples import Sample
    from nbjudge.gradebook import GradeRow
    from nbjudge.intake.layouts import Refusal
    from nbjudge.sandbox.probe import Requirement

console = Console(highlight=False)
WAITS = "-"  # in a table: not graded yet
BY_HAND = "…"  # a person's turn


@contextmanager
def progress(title: str) -> Iterator[Callable[[Progress], None]]:
    """A progress bar with an ETA; yields the watcher that moves it and prints a line for each trouble."""
    from nbjudge.grading.context import Trouble

    with bar(title) as move:

        def watch(now: Progress) -> None:
            move(now)
            if isinstance(now.last, Trouble):
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
    styles = {"+": "green", "-": "red", "@": "cyan", " ": None}
    for line in lines:
        console.print(escape(line), style=styles.get(line[:1], "bold"), soft_wrap=True)
    if not lines:
        console.print(f"{name}: students see no change")


def show_new(course: Course, name: str, files: Sequence[Path]) -> None:
    """What `nbjudge new` wrote, and what to do next."""
    for path in files:
        console.print(f"  {path.relative_to(course.root)}", soft_wrap=True)
    console.print(
        f"next: edit the notebook and its tests, then `nbjudge check {name}`, `nbjudge release {name}`"
    )


def show_check(report: CheckReport, written: Sequence[Path], *, quiet: bool = False) -> None:
    """The check's answers: one line for each question, its findings, and the pages that say more."""
    if quiet:
        return
    for part in report.sections:
        mark = "[green]yes[/]" if part.passed else "[red]NO [/]" if part.ran else "[dim] - [/]"
        console.print(f"{mark} {part.title:38} [dim]{escape(part.summary)}[/]", soft_wrap=True)
        for finding in part.findings:
            where = f"{finding.exercise}: " if finding.exercise else ""
            console.print(f"      [bold]{where}[/]{escape(finding.message)}", soft_wrap=True)
            _show_diff(finding.diff)
    explained = any(part.id == "mutants" and part.passed for part in report.sections)
    for mutant in report.mutants if explained else ():
        if mutant.outcome == "survived":
            where = f"{mutant.cell}, line {mutant.line}"
            console.print(f"    survives: {where} ({mutant.operator}, {mutant.id})", style="yellow")
            _show_diff(mutant.diff)
    if report.times.submission:
        slowest = ", ".join(f"{test.test} {test.seconds:.1f} s" for test in report.times.tests[:3])
        console.print(
            f"    {report.times.submission:.1f} s for a submission, {report.times.per_hour:.0f} an hour per core;"
            f" slowest: {slowest}",
            style="dim",
        )
    for path in written:
        console.print(f"    {path}", style="dim", soft_wrap=True)
    verdict = "[green bold]passed[/]" if report.passed else "[red bold]did not pass[/]"
    partial = ", but only in part: no proof was written" if report.partial else ""
    console.print(f"{report.assignment}: the check {verdict} in {report.seconds:.0f} s{partial}")


def show_receipt(receipt: Receipt) -> None:
    """The receipt of one submission."""
    again = " (the same file again: nothing changed)" if receipt.again else ""
    console.print(
        f"[bold]{escape(receipt.student)}[/] submitted {receipt.assignment}, attempt {receipt.attempt}{again}"
    )
    console.print(f"  received  {receipt.timestamp:%Y-%m-%d %H:%M:%S} UTC")
    console.print(f"  sha256    {receipt.sha256}")
    for state in ("changed", "unchanged", "missing"):
        cells = [name for name, found in receipt.solutions.items() if found == state]
        if cells:
            console.print(f"  {state:9} {', '.join(cells)}")
    for warning in receipt.warnings:
        console.print(f"  [yellow]note[/]      {escape(english(warning))}")


def show_collected(outcomes: Sequence[Receipt | Refusal]) -> int:
    """One line for each file of a folder or archive; returns how many were refused."""
    from nbjudge.intake.layouts import Refusal

    refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    stored = [outcome for outcome in outcomes if not isinstance(outcome, Refusal)]
    for receipt in stored:
        note = "unchanged" if receipt.again else f"attempt {receipt.attempt}"
        few = len(receipt.warnings) <= 2
        warnings = (
            "; ".join(map(english, receipt.warnings))
            if few
            else f"{len(receipt.warnings)} notes, on the feedback page"
        )
        warnings = warnings and f"; {warnings}"
        console.print(f"{escape(receipt.student)}: {note}, sha256 {receipt.sha256[:12]}{escape(warnings)}")
    for refusal in refused:
        console.print(f"[red]refused[/] {escape(refusal.name)}: {escape(refusal.reason)}")
    console.print(f"{len(stored)} submissions stored, {len(refused)} refused")
    return len(refused)


def show_report(report: Report) -> None:
    """The table after grading, and one line for each trouble."""
    if report.graded:
        console.print(_score_table(report.graded))
        _show_legend(report.graded[0].score.exercises)
    if report.unchanged:
        console.print(f"{len(report.unchanged)} unchanged since they were graded (--force grades them again)")
    for trouble in report.troubles:
        console.print(f"[red]not graded[/] {escape(trouble.submission.student)}: {escape(trouble.message)}")
    if not report.graded and not report.unchanged and not report.troubles:
        console.print("no submissions: take some in with `nbjudge submit` or `nbjudge collect`")
    _warn_of_walls(report.graded)


def show_demo(demo: Demo) -> bool:
    """The samples' table against their expected scores; True if each got exactly what it must."""
    graded = {done.submission.student: done for done in demo.report.graded}
    exercises = next(iter(graded.values())).score.exercises if graded else ()
    table = _table("sample", *_numbers(exercises), "score", "as expected")
    wrong = 0
    for verdict, samples in groupby(demo.samples, lambda sample: sample.verdict):
        table.add_section()
        table.add_row(f"[bold]{verdict}[/]")
        for sample in samples:
            done = graded.get(sample.name)
            good = done is not None and meets(sample, done.score)
            wrong += not good
            cells = _cells(done.score) if done else ["?"] * (len(exercises) + 1)
            table.add_row(f"  {sample.name}", *cells, "[green]yes[/]" if good else "[red]NO[/]")
    console.print(table)
    _show_legend(exercises)
    for trouble in demo.report.troubles:
        console.print(f"[red]not graded[/] {escape(trouble.submission.student)}: {escape(trouble.message)}")
    _warn_of_walls(demo.report.graded)
    console.print(
        f"{len(demo.samples)} samples, {len(demo.samples) - wrong} with exactly their expected score"
    )
    if demo.pages:
        partial = {sample.name for sample in demo.samples if sample.verdict == "partial"}
        page = next((page for page in demo.pages if page.parts[-3] in partial), demo.pages[0])
        console.print("feedback pages, one for each sample, such as:", soft_wrap=True)
        console.print(str(page), soft_wrap=True)
    return wrong == 0 and bool(demo.samples)


def meets(sample: Sample, score: Score) -> bool:
    """Whether every automatic exercise got the score that the sample names."""
    got = {part.exercise: part.score for part in score.exercises if not part.manual}
    return got.keys() == sample.expected.keys() and all(
        (points := got[name]) is not None and low - 1e-6 <= points <= high + 1e-6
        for name, (low, high) in sample.expected.items()
    )


def show_pages(course: Course, pages: Sequence[Path]) -> None:
    """Where the feedback is."""
    folder = course.gradebook / "feedback"
    if not pages:
        console.print("nothing is graded yet: run `nbjudge grade` first")
        return
    console.print(f"{len(pages)} pages in {folder}, such as:", soft_wrap=True)
    console.print(str(pages[0]), soft_wrap=True)


def show_grades(rows: Sequence[GradeRow]) -> None:
    """The gradebook as a table, one for each assignment."""
    if not rows:
        console.print("the gradebook is empty: run `nbjudge grade` first")
    for assignment in dict.fromkeys(row.assignment for row in rows):
        mine = [row for row in rows if row.assignment == assignment]
        table = _table(
            "student", *mine[0].exercises, "score", "late", "final", "of", "status", title=assignment
        )
        for row in mine:
            exercises = [_points(value) for value in row.exercises.values()]
            totals = [_points(row.score), _points(-row.penalty), _points(row.final), _points(row.points)]
            table.add_row(escape(row.student), *exercises, *totals, row.status)
        console.print(table)
        names = ", ".join(f"{number} {name}" for number, name in enumerate(mine[0].exercises, 1))
        console.print(f"exercises: {names}", style="dim")


def write_grades(rows: Sequence[GradeRow], path: Path) -> None:
    """The gradebook as CSV, to a file or, for "-", to standard output."""
    import io

    from nbjudge.gradebook import write_csv

    if str(path) == "-":
        write_csv(rows, sys.stdout)
        return
    text = io.StringIO()
    write_csv(rows, text)
    write_atomically(path, text.getvalue().encode())
    console.print(f"{len(rows)} grades written to {path}")


def show_findings(findings: Iterable[Requirement]) -> bool:
    """Doctor's list as it is found; True if grading with walls is possible."""
    marks = {"ok": "[green]ok     [/]", "missing": "[red]missing[/]", "optional": "[yellow]without[/]"}
    works = True
    for finding in findings:
        works = works and finding.state != "missing"
        console.print(f"{marks[finding.state]} {finding.name:17} {escape(finding.detail)}", soft_wrap=True)
        if finding.advice and finding.state != "ok":
            console.print(f"        {'':17} -> {escape(finding.advice)}", soft_wrap=True)
    console.print("grading is safe here" if works else "[red]grading would refuse here[/]")
    return works


def _show_diff(diff: str) -> None:
    for line in diff.splitlines():
        style = "red" if line.startswith("-") else "green"
        console.print(f"        {escape(line)}", style=style, soft_wrap=True)


def _score_table(graded: Sequence[Graded]) -> Table:
    table = _table("student", *_numbers(graded[0].score.exercises), "score", "late", "final", "notes")
    for done in graded:
        score = done.score
        late = "" if score.factor == 1 else f"x {score.factor:g}"
        table.add_row(
            escape(done.submission.student),
            *_cells(score),
            late,
            _points(score.final),
            escape(_notes(done.result)),
        )
    return table


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE, padding=(0, 1, 0, 0))
    for i, column in enumerate(columns):
        words = column in ("student", "sample", "notes", "status", "as expected")
        table.add_column(
            column, justify="left" if words else "right", overflow="fold", no_wrap=not words or i == 0
        )
    return table


def _numbers(exercises: Sequence[ExerciseScore]) -> list[str]:
    """Column heads: names of eight exercises are wider than a terminal, so a legend spells them out."""
    return [str(number) for number, _ in enumerate(exercises, 1)]


def _show_legend(exercises: Sequence[ExerciseScore]) -> None:
    parts = (f"{number} {part.exercise} ({_points(part.points)})" for number, part in enumerate(exercises, 1))
    by_hand = f"; {BY_HAND} waits for a person" if any(part.manual for part in exercises) else ""
    console.print("exercises (points): " + ", ".join(parts) + by_hand, style="dim")


def _cells(score: Score) -> list[str]:
    return [*map(_exercise, score.exercises), _points(score.score)]


def _exercise(part: ExerciseScore) -> str:
    if part.score is None:
        return f"[dim]{BY_HAND}[/]" if part.manual else "[yellow]open[/]"
    style = "green" if part.score == part.points else "red" if part.score == 0 else "yellow"
    return f"[{style}]{_points(part.score)}[/]"


def _points(value: float | None) -> str:
    return (
        WAITS
        if value is None
        else f"{value:.2f}".rstrip("0").rstrip(".").replace("-0", "0" if value == 0 else "-0")
    )


def _notes(result: Result) -> str:
    if result.rejected:
        return english(result.rejected)
    faults = dict.fromkeys(test.status for test in result.tests if test.status not in ("passed", "failed"))
    notes = [status.replace("_", " ") for status in faults]
    if result.repairs:
        notes.append(f"{len(result.repairs)} repairs")
    return ", ".join(notes)


def _warn_of_walls(graded: Sequence[Graded]) -> None:
    if any(done.result.environment.get("isolation") == "none" for done in graded):
        console.print(
            "[red bold]graded without isolation[/]: student code could read and change everything you can"
        )
