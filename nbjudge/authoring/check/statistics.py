"""How far a correct solution stays from a threshold. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from nbjudge.authoring.check.report import Quantity

MAX_FAILURE = 1e-3  # a correct solution may miss a threshold once in a thousand times


def measure(exercise: str, test: str, full: float, none: float, values: Sequence[float]) -> Quantity:
    """The quantity's distribution, and how probable it is that another seed misses the full threshold.

    The next value is predicted by Student's t: mean ± deviation x sqrt(1 + 1/n), n - 1 degrees of freedom, which
    takes into account that few trials tell little about the deviation.
    """
    side = 1 if full > none else -1  # a loss is better the smaller it is
    mean, deviation = fmean(values), stdev(values) if len(values) > 1 else 0.0
    distance = side * (mean - full)
    missed = sum(side * (value - full) < 0 for value in values) / len(values)
    if deviation <= 1e-12 * max(1.0, abs(mean)):
        return Quantity(exercise, test, full, none, tuple(values), mean, 0.0, None, missed)
    spread = deviation * math.sqrt(1 + 1 / len(values))
    probability = max(missed, t_tail(distance / spread, len(values) - 1))
    margin = distance / deviation
    return Quantity(exercise, test, full, none, tuple(values), mean, deviation, margin, probability)


def t_tail(t: float, freedom: int) -> float:
    """P(T > t) for Student's t."""
    from scipy.special import stdtr

    return float(stdtr(freedom, -t))
