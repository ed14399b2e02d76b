"""nbjudge beside `nbgrader autograde` and `otter run`: python bench/compare.py --sizes 1 10 100 --out docs/benchmarks.md

The same submissions, the same machine, one run: the light assignment of bench/light.py and the lab `intro` of this
repository. Peers that would take more than two minutes for a size are extrapolated, unless --peers-full is given.
Everything is kept in build/bench/; otter gets a separate virtual environment there, made from bench/requirements-otter.txt.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import courses
import machine
import measure
import page
import scale
from baseline import Baseline, Void
from courses import REPOSITORY, Work
from figures import Figure, Report, Scale, extrapolate
from graders import Grader, Nbgrader, Nbjudge, Otter
from machine import CORES
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nbjudge.errors import CourseError

BUILD = REPOSITORY / "build/bench"
REQUIREMENTS = REPOSITORY / "bench/requirements-otter.txt"
PATIENCE = 120.0  # seconds that a peer may take before its figure is extrapolated
PEERS = ("nbgrader", "otter")
ROUGHLY = {
    "light": 6.0,
    "intro": 9.0,
}  # seconds of a peer for one submission; for the time that is shown as left only


def main() -> int:
    """Runs everything and writes the page, its plot and the raw figures beside it."""
    arguments = _arguments()
    console = Console(stderr=True)
    try:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(elapsed_when_finished=False),
            console=console,
        ) as bar:
            report = Run(arguments, bar).report()
    except (Void, measure.CommandFailed, CourseError, OSError) as error:
        console.print(f"bench: {error}", style="red", markup=False, highlight=False)
        return 2
    page.write(report, arguments.out)
    print(page.summary(report))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100], metavar="N")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs/benchmarks.md", metavar="FILE.md")
    parser.add_argument("--assignments", nargs="+", choices=("light", "intro"), default=["light", "intro"])
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--peers-full", action="store_true", help="measure peers at every size, hours or not")
    parser.add_argument(
        "--scale", type=int, default=1000, metavar="N", help="light submissions at once; 0: none"
    )
    arguments = parser.parse_args()
    if min(arguments.sizes) < 1 or arguments.scale < 0:
        parser.error("sizes are whole numbers from 1")
    if arguments.out.suffix != ".md":
        parser.error(f"--out {arguments.out}: the page is Markdown: name it FILE.md")
    return arguments


class Run:
    """One run: the folder that it works in, and the bar that says how far it is."""

    def __init__(self, arguments: argparse.Namespace, bar: Progress) -> None:
        self.arguments = arguments
        self.load = os.getloadavg()[0]
        self.sizes: list[int] = sorted(set(arguments.sizes))
        self.bar = bar
        self.task = bar.add_task("preparing", total=self._expected())
        self.folder = BUILD / "run"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.otter = _otter_environment() if "otter" in arguments.peers else None

    def report(self) -> Report:
        """Everything that was asked for."""
        figures: list[Figure] = []
        large: Scale | None = None
        for name in self.arguments.assignments:
            self._show(f"{name}: the course, its submissions, pure compute")
            many = self.arguments.scale if name == "light" else 0
            whole = self._work(name, max(*self.sizes, many))
            baseline = Baseline(whole, self.folder)
            self.bar.advance(self.task, 15)
            for grader in ("nbjudge", *self.arguments.peers):
                figures += self._series(grader, whole, baseline)
            if many:
                self._show(f"light: nbjudge, {many} submissions")
                large = scale.run(whole.first(many), self.folder / "scale", baseline)
                self.bar.advance(self.task, self._cost("nbjudge", name, many))
        return Report(
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            machine=machine.describe(),
            load=self.load,
            cores=CORES,
            versions=machine.versions() | ({"otter-grader": self._otter_version()} if self.otter else {}),
            command=shlex.join(["python", "bench/compare.py", *sys.argv[1:]]),
            figures=tuple(figures),
            scale=large,
        )

    def _work(self, name: str, count: int) -> Work:
        return (
            courses.light_work(self.folder / "course", count)
            if name == "light"
            else courses.intro_work(count)
        )

    def _series(self, grader: str, whole: Work, baseline: Baseline) -> list[Figure]:
        """A grader at every size, smallest first; a peer that would take too long is extrapolated."""
        measured: list[Figure] = []
        others: list[Figure] = []
        for work in map(whole.first, self.sizes):
            pure = baseline.seconds(work)
            guess = extrapolate(measured, len(work.cells), pure) if len(measured) > 1 else None
            patient = grader == "nbjudge" or self.arguments.peers_full
            if guess and guess.wall > PATIENCE and not patient:
                others.append(guess)
                continue
            first, *again = self._measure(grader, work, baseline)
            measured.append(first)
            others += again
            self.bar.advance(self.task, self._cost(grader, work.name, len(work.cells)))
        return [*measured, *others]

    def _measure(self, name: str, work: Work, baseline: Baseline) -> list[Figure]:
        """Grades `work`, compares the scores with the baseline's, and grades again with nothing new."""
        count = len(work.cells)
        self._show(f"{work.name}: {name}, {count} submission{'s' if count > 1 else ''}")
        grader = self._prepare(name, work)
        usage = grader.grade()
        baseline.compare(f"{name} on {work.name}", grader.scores())
        cores = min(CORES, count) if name == "nbjudge" else 1
        pure = baseline.seconds(work)
        figure = Figure(work.name, name, count, cores, usage.wall, usage.cpu, usage.peak, pure)
        if name == "otter":  # keeps no state: it would grade everything again
            return [figure]
        usage = grader.grade()
        again = replace(figure, wall=usage.wall, cpu=usage.cpu, peak=usage.peak, pure=0.0, unchanged=True)
        return [figure, again]

    def _prepare(self, name: str, work: Work) -> Grader:
        folder = self.folder / f"{work.name}-{name}-{len(work.cells)}"
        if name == "otter":
            assert self.otter is not None, "made before the first grader"
            return Otter.prepare(work, folder, self.otter)
        return Nbjudge.prepare(work, folder) if name == "nbjudge" else Nbgrader.prepare(work, folder)

    def _otter_version(self) -> str:
        assert self.otter is not None
        code = "from importlib.metadata import version; print(version('otter-grader'))"
        return measure.run([self.otter / "python", "-c", code]).output.strip()

    def _show(self, text: str) -> None:
        self.bar.update(self.task, description=text)

    def _cost(self, grader: str, assignment: str, count: int) -> float:
        """Seconds that a step takes, roughly."""
        if grader == "nbjudge":
            return 10 + count * (0.1 if assignment == "light" else 1.3)
        return ROUGHLY[assignment] * count

    def _expected(self) -> float:
        total = 0.0
        if "light" in self.arguments.assignments and self.arguments.scale:
            total = self._cost("nbjudge", "light", self.arguments.scale)
        for assignment in self.arguments.assignments:
            total += 15 + sum(self._cost("nbjudge", assignment, size) for size in self.sizes)
            for peer in self.arguments.peers:
                costs = [self._cost(peer, assignment, size) for size in self.sizes]
                total += sum(c for c in costs if c <= PATIENCE or self.arguments.peers_full)
        return total


def _otter_environment() -> Path:
    """The programs of otter's virtual environment, made when it is missing or its requirements changed."""
    folder, wanted = BUILD / "otter", REQUIREMENTS.read_bytes()
    stamp = folder / "requirements.txt"
    if not stamp.is_file() or stamp.read_bytes() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        try:
            measure.run([sys.executable, "-m", "venv", folder])
            measure.run([folder / "bin/pip", "install", "--quiet", "-r", REQUIREMENTS])
        except measure.CommandFailed as error:
            raise Void(f"no environment for otter (leave it out: --peers nbgrader): {error}") from None
        stamp.write_bytes(wanted)
    return folder / "bin"


if __name__ == "__main__":
    sys.exit(main())
