"""What a benchmark found, as records, and the arithmetic on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from measure import Sample


@dataclass(frozen=True, slots=True)
class Figure:
    """One grader on so many submissions of one assignment."""

    assignment: str
    grader: str
    count: int  # submissions
    cores: int  # that the grader may use: it grades so many submissions at a time
    wall: float  # seconds
    cpu: float  # seconds, all processes
    peak: int  # bytes, all processes
    pure: float  # CPU seconds of the same cells and tests in a warm plain process
    extrapolated: bool = False
    unchanged: bool = False  # a second run, with nothing new to grade

    @property
    def overhead(self) -> float:
        """Seconds for each submission that its cells and tests do not explain."""
        return (self.wall * self.cores - self.pure) / self.count

    @property
    def cpu_overhead(self) -> float:
        """CPU seconds for each submission that its cells and tests do not explain."""
        return (self.cpu - self.pure) / self.count


@dataclass(frozen=True, slots=True)
class Scale:
    """Many light submissions through nbjudge."""

    graded: Figure
    unchanged: Figure
    memory: tuple[Sample, ...]
    help_seconds: float  # of `nbjudge --help`, median


@dataclass(frozen=True, slots=True)
class Report:
    """All of one run."""

    date: str
    machine: str
    load: float  # average when the run began: of other work
    cores: int
    versions: dict[str, str]
    command: str
    figures: tuple[Figure, ...]
    scale: Scale | None


def extrapolate(figures: Sequence[Figure], count: int, pure: float) -> Figure:
    """The figure for `count` submissions on the line through the two largest of `figures`; memory stays as it is.

    ValueError with fewer than two figures.
    """
    if len(figures) < 2:
        raise ValueError("a line needs two figures")
    low, high = sorted(figures, key=lambda figure: figure.count)[-2:]
    steps = (count - high.count) / (high.count - low.count)
    return replace(
        high,
        count=count,
        wall=high.wall + steps * (high.wall - low.wall),
        cpu=high.cpu + steps * (high.cpu - low.cpu),
        pure=pure,
        extrapolated=True,
    )


def further(small: Figure, large: Figure) -> float:
    """Seconds of overhead of each further submission: the start-up, which both paid, falls out."""
    seconds = (large.wall - small.wall) * large.cores - (large.pure - small.pure)
    return seconds / (large.count - small.count)


def further_cpu(small: Figure, large: Figure) -> float:
    """CPU seconds of overhead of each further submission."""
    return (large.cpu - small.cpu - large.pure + small.pure) / (large.count - small.count)


def growth(memory: Sequence[Sample]) -> float:
    """By what part the memory of the last quarter of the run is above that of its second quarter; 0 for a short run."""
    quarter = len(memory) // 4
    if not quarter:
        return 0.0
    early = sum(sample.tree for sample in memory[quarter : 2 * quarter])
    late = sum(sample.tree for sample in memory[-quarter - 1 : -1])  # the last one sees processes end
    return late / early - 1
