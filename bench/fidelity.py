"""How near nbjudge is to Jupyter: python bench/fidelity.py FOLDER

Runs the code cells of every notebook below FOLDER twice, in a Jupyter kernel and in nbjudge's student process, without a
network, and compares cell by cell: how it ended, which names are new, and the kind and shape of their values. A second
table: the cells as a student's own, of which only what something needs runs. Notebooks are not shipped.
docs/fidelity.md explains the differences.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import queue
import re
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import fidelity_sides as sides
from fidelity_sides import OUT_OF_TIME, End
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nbjudge.notebooks.needed import unneeded_lines
from nbjudge.notebooks.python_source import parse
from nbjudge.notebooks.statements import names_of
from nbjudge.sandbox import Zygote

WORK = Path(__file__).parents[1] / "build/bench/fidelity"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
PATIENCE = 3  # times the seconds, where a cell ran out of time on one side alone
SHOWN = 110  # characters of a message in the tables


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell that the two sides do not agree about."""

    notebook: str
    cell: int
    kind: str
    example: str
    first: bool  # of its notebook
    runs: bool  # in Jupyter
    more: bool  # fails in Jupyter, and runs here


@dataclass(frozen=True, slots=True)
class Compared:
    """One notebook, on both sides."""

    notebook: str
    cells: int  # that both sides came to
    run: int  # of these, what runs in Jupyter
    differences: tuple[Difference, ...]
    read: int  # globals that its functions read
    lost: tuple[str, ...]  # of these, what is not there, or otherwise, if the cells are the student's own


def main() -> int:
    """Prints both tables."""
    arguments = _arguments()
    WORK.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    notebooks = sorted(
        path
        for path in arguments.folder.rglob("*.ipynb")
        if ".ipynb_checkpoints" not in path.parts and arguments.only in str(path)
    )
    if not notebooks:
        console.print(f"fidelity: no notebook below {arguments.folder}", style="red")
        return 2
    zygotes: queue.Queue[Zygote] = queue.Queue()
    for _ in range(arguments.jobs):
        zygotes.put(Zygote())
    done: list[Compared] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console) as bar, ThreadPoolExecutor(arguments.jobs) as pool:
            task = bar.add_task("notebooks", total=len(notebooks))
            runs = [pool.submit(_compare, path, arguments, zygotes) for path in notebooks]
            try:
                for path, run in zip(notebooks, runs, strict=True):
                    try:
                        done.append(run.result())
                    except Exception as error:
                        said = f"{path}: not compared: {type(error).__name__}: {error}"
                        console.print(said, markup=False)
                    bar.advance(task)
            except KeyboardInterrupt:  # the tables of what is done
                pool.shutdown(wait=False, cancel_futures=True)
    finally:
        while not zygotes.empty():
            zygotes.get().close()
    print(report(done, every=arguments.every))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0, help="for a cell, on both sides")
    parser.add_argument("--jobs", type=int, default=1, metavar="N")
    parser.add_argument("--only", default="", metavar="TEXT", help="notebooks whose path holds it")
    parser.add_argument("--every", action="store_true", help="list every difference, not one of each kind")
    parser.add_argument(
        "--lenient",
        action="store_true",
        help="nbjudge as it grades: cells go on after a failure, stubs are there",
    )
    parser.add_argument("--again", action="store_true", help="run the kernel too where its ends are known")
    return parser.parse_args()


def _compare(path: Path, arguments: argparse.Namespace, zygotes: queue.Queue[Zygote]) -> Compared:
    cells = sides.code_cells(path)
    first = sides.probe(path, arguments.lenient)
    name = str(path.relative_to(arguments.folder).parent)
    zygote = zygotes.get()
    try:
        for seconds in (arguments.seconds, PATIENCE * arguments.seconds):
            theirs = _in_kernel(cells, first, seconds, arguments.again)
            ours, names = sides.in_jail(cells, first, seconds, zygote, {})
            if not _one_ran_out_of_time(theirs, ours):
                break
        read = _read_by_functions(cells) & names.keys()
        lost: tuple[str, ...] = ()
        if read:
            unneeded = unneeded_lines(sides.as_added(cells), _functions(cells))
            sliced = sides.in_jail(cells, first, seconds, zygote, unneeded)[1]
            lost = tuple(sorted(global_ for global_ in read if sliced.get(global_) != names[global_]))
    finally:
        zygotes.put(zygote)
    both = min(len(theirs), len(ours))
    run = sum(end.status == "ok" for end in theirs[:both])
    return Compared(name, both, run, tuple(compare(name, cells, theirs, ours)), len(read), lost)


def _in_kernel(cells: Sequence[str], first: str, seconds: float, again: bool) -> list[End]:
    """What the kernel made of the cells, perhaps in an earlier run of this program."""
    key = hashlib.sha256(f"{first}{seconds}{cells}".encode()).hexdigest()[:16]
    kept = WORK / f"{key}.json"
    if kept.is_file() and not again:
        return sides.read(kept.read_text())
    ends = sides.in_kernel(cells, first, seconds, WORK)
    kept.write_text(sides.dumped(ends))
    return ends


def _one_ran_out_of_time(theirs: Sequence[End], ours: Sequence[End]) -> bool:
    """Whether a cell ended in time on one side alone: a cell near the limit, or a machine that is busy."""
    return any(
        (there.status == OUT_OF_TIME) != (here.status == OUT_OF_TIME)
        for there, here in zip(theirs, ours, strict=False)
    )


def compare(
    notebook: str, cells: Sequence[str], theirs: Sequence[End], ours: Sequence[End]
) -> list[Difference]:
    """The differences between two runs of a notebook's cells, up to where the shorter one ends."""
    found: list[Difference] = []
    for number, (source, there, here) in enumerate(zip(cells, theirs, ours, strict=False), 1):
        kind, example = _differ(there, here)
        if kind:
            line = next((text for text in source.splitlines() if text.strip()), "")
            example, runs = f"{example} ({line[:60]})", there.status == "ok"
            more = not runs and here.status == "ok"
            found.append(Difference(notebook, number, kind, example, not found, runs, more))
    return found


def _differ(there: End, here: End) -> tuple[str, str]:
    """What kind of difference there is, and this one in words; empty if there is none."""
    if _alike(there.status) != _alike(here.status):
        said = here.message if here.status != "ok" else there.message
        return f"{there.status} in Jupyter, {here.status} here", said[:SHOWN].replace("\n", " ")
    if here.status == OUT_OF_TIME:
        return "", ""
    lost, more = there.names.keys() - here.names.keys(), here.names.keys() - there.names.keys()
    if lost or more:
        parts = (("lacks", sorted(lost)), ("has", sorted(more)))
        return "names", "; ".join(f"{word} {', '.join(names[:5])}" for word, names in parts if names)
    for name, kind in there.names.items():
        if here.names[name] != kind:
            return "values", f"{name}: {kind} in Jupyter, {here.names[name]} here"
    return "", ""


def _alike(status: str) -> str:
    """The kernel's compiler calls a function without a body incomplete input, Python's an IndentationError."""
    return "SyntaxError" if status in ("IndentationError", "TabError", "_IncompleteInputError") else status


def _functions(cells: Sequence[str]) -> frozenset[str]:
    return frozenset(node.name for node in _statements(cells) if isinstance(node, FUNCTIONS))


def _read_by_functions(cells: Sequence[str]) -> set[str]:
    """What the notebook's functions read of its names when they are called."""
    names = [names_of(node) for node in _statements(cells) if isinstance(node, FUNCTIONS)]
    return {name for each in names for name in each.used - each.used_now} - _functions(cells)


def _statements(cells: Sequence[str]) -> list[ast.stmt]:
    return [node for source in cells if (tree := parse(source)) is not None for node in tree.body]


def report(done: Sequence[Compared], *, every: bool = False) -> str:
    """Both tables as Markdown."""
    cells = sum(one.cells for one in done)
    differences = [difference for one in done for difference in one.differences]
    run = sum(one.run for one in done)
    less = [difference for difference in differences if not difference.more]
    lines = [
        "| | all | agree | share | or run here alone |",
        "| --- | ---: | ---: | ---: | ---: |",
        _row("cells", cells, cells - len(differences), cells - len(less)),
        _row("cells that run in Jupyter", run, run - sum(one.runs for one in differences)),
        _row(
            "notebooks",
            len(done),
            sum(not one.differences for one in done),
            sum(all(difference.more for difference in one.differences) for one in done),
        ),
        "",
        "| difference | cells | first of their notebook | example |",
        "| --- | ---: | ---: | --- |",
    ]
    counted = Counter(difference.kind for difference in differences)
    for kind, count in counted.most_common():
        own = sorted((one for one in differences if one.kind == kind), key=lambda one: not one.first)
        firsts = sum(one.first for one in own)
        for shown in own if every else own[:1]:
            example = re.sub(r"[|\s]+", " ", f"{shown.notebook}, cell {shown.cell}: {shown.example}")
            lines.append(f"| {kind} | {count} | {firsts} | {example} |")
    read = sum(one.read for one in done)
    lost = sum(len(one.lost) for one in done)
    lines += [
        "",
        "| cells as a student's own | all | kept | share | |",
        "| --- | ---: | ---: | ---: | ---: |",
        _row("globals that functions read", read, read - lost),
    ]
    lines += [f"- {one.notebook}: {', '.join(one.lost)}" for one in done if one.lost]
    return "\n".join(lines)


def _row(what: str, count: int, *agree: int) -> str:
    shares = [f"{100 * number / max(count, 1):.2f} %" for number in agree]
    return "| " + " | ".join([what, str(count), str(agree[0]), *shares, *[""] * (2 - len(shares))]) + " |"


if __name__ == "__main__":
    sys.exit(main())
