"""A thousand light submissions through `nbjudge grade`, the same again unchanged, and `nbjudge --help`."""

from __future__ import annotations

import statistics
from pathlib import Path

import measure
from baseline import Baseline
from courses import Work
from figures import Figure, Scale
from graders import BIN, Nbjudge
from machine import CORES

HELPS = 10  # runs of `nbjudge --help`


def run(work: Work, folder: Path, baseline: Baseline) -> Scale:
    """Grades `work` twice in `folder`; Void if the scores are not the baseline's."""
    grader = Nbjudge.prepare(work, folder)
    first, second = grader.grade(), grader.grade()
    baseline.compare("nbjudge at scale", grader.scores())
    helps = [measure.run([BIN / "nbjudge", "--help"]).wall for _ in range(HELPS)]
    return Scale(
        graded=_figure(work, first, baseline.seconds(work)),
        unchanged=_figure(work, second, 0.0, unchanged=True),
        memory=first.samples,
        help_seconds=statistics.median(helps),
    )


def _figure(work: Work, usage: measure.Usage, pure: float, unchanged: bool = False) -> Figure:
    return Figure(
        assignment=work.name,
        grader="nbjudge",
        count=len(work.submissions),
        cores=CORES,
        wall=usage.wall,
        cpu=usage.cpu,
        peak=usage.peak,
        pure=pure,
        unchanged=unchanged,
    )
