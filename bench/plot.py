"""The benchmark's plot: an SVG without background, in colours and greys that read on light and dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from figures import Figure, Report
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from measure import Sample

matplotlib.use("Agg")
import matplotlib.pyplot as plt

GREY = "#808080"
COLOURS = {"nbjudge": "#2a9d8f", "nbgrader": "#e07a2f", "otter": "#8a6fd1"}
STYLE = {
    "svg.hashsalt": "nbjudge",  # the same ids in every run
    "text.color": GREY,
    "axes.labelcolor": GREY,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "font.size": 9,
}


def draw(report: Report, path: Path) -> None:
    """Seconds per submission for each assignment, and the memory of the large run."""
    names = list(dict.fromkeys(figure.assignment for figure in report.figures))
    panels = len(names) + (report.scale is not None)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, panels, figsize=(3.6 * panels, 3.2), squeeze=False)
        for axis, name in zip(axes[0], names, strict=False):
            _speed(axis, name, [f for f in report.figures if f.assignment == name and not f.unchanged])
        if report.scale:
            _memory(axes[0][-1], report.scale.memory, report.scale.graded.count)
        figure.tight_layout()
        figure.savefig(path, transparent=True, metadata={"Date": None})
        plt.close(figure)


def _speed(axis: Axes, name: str, figures: Sequence[Figure]) -> None:
    for grader, colour in COLOURS.items():
        series = sorted((f for f in figures if f.grader == grader), key=lambda f: f.count)
        counts, each = [f.count for f in series], [f.wall / f.count for f in series]
        axis.plot(counts, each, color=colour, linewidth=1, alpha=0.6)
        for count, seconds, figure in zip(counts, each, series, strict=True):
            face = "none" if figure.extrapolated else colour
            axis.plot(count, seconds, "o", color=colour, markerfacecolor=face, markersize=5)
        if series:
            _label(axis, grader, counts[-1], each[-1], colour, lift=-5 if grader == "otter" else 5)
    ideal = sorted({(f.count, f.pure / f.count / f.cores) for f in figures if f.grader == "nbjudge"})
    axis.plot([count for count, _ in ideal], [seconds for _, seconds in ideal], ":", color=GREY, linewidth=1)
    _label(axis, "pure / cores", *ideal[-1], GREY)
    axis.set(xscale="log", yscale="log", title=name)
    axis.set(xlabel="submissions (open: extrapolated)", ylabel="wall clock for each, seconds")
    axis.set_xlim(0.7, 12 * ideal[-1][0])
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
    for scale in (axis.xaxis, axis.yaxis):
        scale.set_major_formatter(StrMethodFormatter("{x:g}"))
        scale.set_minor_formatter(NullFormatter())


def _label(axis: Axes, text: str, x: float, y: float, colour: str, lift: int = 0) -> None:
    """Text to the right of a point, `lift` points higher, so that neighbours do not cover each other."""
    axis.annotate(text, (x, y), (7, lift), textcoords="offset points", color=colour, va="center")


def _memory(axis: Axes, samples: Sequence[Sample], count: int) -> None:
    seconds = [sample.seconds for sample in samples]
    first = [sample.first / 2**20 for sample in samples]
    rest = [(sample.tree - sample.first) / 2**20 for sample in samples]
    labels = ["main process", "workers, judges, students"]
    axis.stackplot(seconds, first, rest, labels=labels, colors=["#e07a2f", "#2a9d8f"], alpha=0.7)
    axis.set(title=f"nbjudge, {count:,} light submissions", xlabel="seconds", ylabel="memory, MiB")
    axis.set_ylim(0, 1.35 * max(sample.tree for sample in samples) / 2**20)
    axis.legend(loc="upper left", fontsize=8)
