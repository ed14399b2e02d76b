"""What nbjudge promises, beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from figures import Figure, Report, further, further_cpu, growth

LIGHT_OVERHEAD = 0.060  # seconds a submission and core
TIMES_LESS = 50  # than nbgrader's
INTRO_RATIO = 1.10  # wall clock / (pure compute / cores)
SCALE_WALL = 90.0  # seconds for a thousand
UNCHANGED_WALL = 5.0  # seconds for a thousand
HELP_WALL = 0.3  # seconds
GROWTH = 0.05  # of memory, from a run's second quarter to its last


@dataclass(frozen=True, slots=True)
class Target:
    """One promise."""

    name: str
    wanted: str
    measured: str
    met: bool


def targets(report: Report) -> list[Target]:
    """Every target that the report has figures for."""
    light, intro = _series(report, "light", "nbjudge"), _series(report, "intro", "nbjudge")
    found = []
    if len(light) > 1:
        found += _of_light(report, light)
    if len(intro) > 1:
        found += _of_intro(intro)
    return found + (list(_of_scale(report)) if report.scale else [])


def _series(report: Report, assignment: str, grader: str) -> list[Figure]:
    """The figures of one grader, smallest first."""
    chosen = [
        f for f in report.figures if (f.assignment, f.grader, f.unchanged) == (assignment, grader, False)
    ]
    return sorted(chosen, key=lambda figure: figure.count)


def _of_light(report: Report, light: list[Figure]) -> Iterator[Target]:
    # From ten submissions on every worker is busy; one submission uses one worker.
    base = light[1] if len(light) > 2 else light[0]
    large = report.scale.graded if report.scale and report.scale.graded.count > base.count else light[-1]
    each = further(base, large)
    yield Target(
        "light: overhead of each further submission, on one core",
        f"at most {1000 * LIGHT_OVERHEAD:.0f} ms",
        f"{1000 * each:.0f} ms ({1000 * further_cpu(base, large):.0f} ms of CPU)",
        each <= LIGHT_OVERHEAD,
    )
    if len(peer := _series(report, "light", "nbgrader")) > 1:
        theirs = further(peer[-2], peer[-1])
        yield Target(
            "light: nbgrader's overhead of each further submission / nbjudge's",
            f"at least {TIMES_LESS}",
            f"{theirs / each:.0f} ({1000 * theirs:,.0f} ms)",
            theirs >= TIMES_LESS * each,
        )


def _of_intro(intro: list[Figure]) -> Iterator[Target]:
    small, large = intro[-2:]
    ratio = large.wall / (large.pure / large.cores)
    more = 1 + further(small, large) * (large.count - small.count) / (large.pure - small.pure)
    yield Target(
        f"`intro`: wall clock / (pure compute / cores), {large.count} submissions",
        f"at most {INTRO_RATIO:.2f}",
        f"{ratio:.2f} (each further submission {more:.2f})",
        ratio <= INTRO_RATIO,
    )


def _of_scale(report: Report) -> Iterator[Target]:
    scale = report.scale
    assert scale is not None
    count = scale.graded.count
    wanted = SCALE_WALL * count / 1000
    yield Target(
        f"{count:,} light submissions",
        f"under {wanted:g} s",
        f"{scale.graded.wall:.1f} s",
        scale.graded.wall < wanted,
    )
    grown = growth(scale.memory)
    yield Target(
        "their memory, last quarter against the second", "flat", f"{100 * grown:+.1f} %", grown <= GROWTH
    )
    yield Target(
        f"{count:,} unchanged",
        f"under {UNCHANGED_WALL:g} s",
        f"{scale.unchanged.wall:.2f} s",
        scale.unchanged.wall < UNCHANGED_WALL,
    )
    yield Target(
        "`nbjudge --help`",
        f"under {HELP_WALL:g} s",
        f"{scale.help_seconds:.2f} s",
        scale.help_seconds < HELP_WALL,
    )
