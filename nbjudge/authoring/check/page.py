"""The check's page: one self-contained HTML file with inline plots. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from nbjudge.authoring.check.report import CheckReport, Forged, MutantOutcome, Quantity, mutation_score
from nbjudge.files import TEMPLATES

if TYPE_CHECKING:
    from jinja2 import Template

WIDTH, HEIGHT, MARGIN = 640, 96, 14  # of a distribution, in SVG units
SLOWEST = 10


@dataclass(frozen=True, slots=True)
class Row:
    """The mutants of one exercise."""

    exercise: str
    mutants: tuple[MutantOutcome, ...]

    @property
    def score(self) -> float:
        """Killed / (all - equivalent)."""
        return mutation_score(self.mutants)


@dataclass(frozen=True, slots=True)
class ForgedRow:
    """What the tests of one exercise give to forged replies."""

    exercise: str
    tests: tuple[Forged, ...]

    @property
    def points(self) -> float:
        """Points that can be had."""
        return sum(test.points for test in self.tests)

    @property
    def possible(self) -> float:
        """Points of the exercise."""
        return sum(test.possible for test in self.tests)


@dataclass(frozen=True, slots=True)
class Plot:
    """Where a distribution's dots and its threshold stand."""

    quantity: Quantity
    dots: tuple[tuple[float, float], ...]
    threshold: float
    ticks: tuple[tuple[float, str], ...]
    good_left: float  # the side of the threshold that gets full credit
    good_width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One test's time, as a share of the slowest's."""

    name: str
    exercise: str
    seconds: float
    share: float


def render_report(report: CheckReport) -> str:
    """The page; it loads nothing from elsewhere and runs no script."""
    css = (TEMPLATES / "feedback.css").read_text(encoding="utf-8") + (TEMPLATES / "check.css").read_text(
        encoding="utf-8"
    )
    rows = [
        Row(exercise, tuple(mutants))
        for exercise, mutants in groupby(report.mutants, lambda mutant: mutant.exercise)
    ]
    alive = [mutant for mutant in report.mutants if mutant.outcome in ("survived", "unknown")]
    equal = [mutant for mutant in report.mutants if mutant.outcome == "equivalent"]
    return _template().render(
        report=report,
        css=css,
        rows=rows,
        alive=alive,
        equal=equal,
        plots=[plot(quantity) for quantity in report.quantities],
        forged=_forged_rows(report.forged),
        bars=_bars(report),
    )


def _forged_rows(forged: Sequence[Forged]) -> list[ForgedRow]:
    return [
        ForgedRow(exercise, tuple(tests)) for exercise, tests in groupby(forged, lambda test: test.exercise)
    ]


def plot(quantity: Quantity) -> Plot:
    """A dot for each trial on a common axis, piled up where they coincide."""
    values = quantity.values
    low, high = min(*values, quantity.full), max(*values, quantity.full)
    pad = (high - low or abs(high) or 1.0) * 0.08
    low, high = low - pad, high + pad

    def x(value: float) -> float:
        return round(MARGIN + (value - low) / (high - low) * (WIDTH - 2 * MARGIN), 1)

    threshold = x(quantity.full)
    right = quantity.full > quantity.none
    return Plot(
        quantity,
        dots=_piled([x(value) for value in sorted(values)]),
        threshold=threshold,
        ticks=tuple((x(value), f"{value:.4g}") for value in (min(values), max(values))),
        good_left=threshold if right else 0.0,
        good_width=WIDTH - threshold if right else threshold,
    )


def _piled(positions: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Each dot on the lowest level that has room for it."""
    levels: list[float] = []
    dots = []
    for position in positions:
        level = next((i for i, last in enumerate(levels) if position - last >= 9), len(levels))
        levels[level : level + 1] = [position]
        dots.append((position, HEIGHT - 30 - min(level, 6) * 9.0))
    return tuple(dots)


def _bars(report: CheckReport) -> list[Bar]:
    tests = report.times.tests[:SLOWEST]
    longest = max((test.seconds for test in tests), default=0.0) or 1.0
    return [Bar(test.test, test.exercise, test.seconds, test.seconds / longest) for test in tests]


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(TEMPLATES)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("check.html")
