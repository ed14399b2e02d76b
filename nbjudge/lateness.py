"""The late policy: when work was handed in -> the factor that its points count with. Pure; knows times and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class LatePolicy:
    """The deadlines of an assignment and what lateness costs; a deadline lasts until its minute ends."""

    soft: datetime  # aware; full points until here
    hard: datetime  # aware; no points after it
    factor: float = 0.5  # between the two, unless `per_day` says how much each day costs
    per_day: float | None = None  # taken for each day begun after the soft deadline, 0..1 of the points
    grace: timedelta = NONE  # after either deadline, not counted
    self_service: int = 0  # days that a student may take once without asking
    most_late_days: int | None = None  # of the course's bank, for this assignment; None: all that are left


@dataclass(frozen=True, slots=True)
class Extension:
    """Later deadlines for one student; the newest of several counts."""

    assignment: str
    student: str
    days: float | None = None  # that both deadlines move by
    until: datetime | None = (
        None  # aware; else the soft deadline becomes this, and the hard one moves by as much
    )
    reason: str = ""
    by: str = ""
    at: datetime | None = None  # aware, UTC: when it was granted
    source: Literal["nbjudge", "nbgrader"] = "nbjudge"


@dataclass(frozen=True, slots=True)
class Lateness:
    """What the late policy makes of one submission."""

    handed_in: datetime  # aware
    soft: datetime  # the class's deadline
    deadline: datetime  # this student's: with the extension
    last: datetime  # this student's hard deadline: with the extension and the days taken
    late: timedelta  # after the class's deadline; 0: in time
    extended: timedelta
    graced: bool  # only the minutes of grace make it count as in time
    self_service: int  # days taken
    bank: int  # late days spent
    charged: int  # days begun that nothing covers
    factor: float  # 0..1


def lateness(policy: LatePolicy, handed_in: datetime, extended: timedelta = NONE, bank: int = 0) -> Lateness:
    """The lateness of what was `handed_in` (aware) by a student with this extension and so many late days left.

    Whatever covers lateness moves both deadlines: first the extension, then the days of self-service (all at once),
    then as few late days as give the most points. Days are those of the calendar: 23:59 stays 23:59.
    """
    moment = handed_in.astimezone(UTC)  # subtracting in one zone would forget that clocks change
    deadline, hard = _moved(policy.soft, extended), _moved(policy.hard, extended)
    needed = _days_after(deadline, moment, policy.grace)
    taken = policy.self_service if needed else 0
    left = max(needed - taken, 0)
    spent, factor = 0, _factor(policy, _moved(hard, taken * DAY), moment, left)
    most = bank if policy.most_late_days is None else min(bank, policy.most_late_days)
    for days in range(1, min(most, left) + 1):
        better = _factor(policy, _moved(hard, (taken + days) * DAY), moment, left - days)
        if better > factor:
            spent, factor = days, better
    return Lateness(
        handed_in=handed_in,
        soft=policy.soft,
        deadline=deadline,
        last=_moved(hard, (taken + spent) * DAY),
        late=moment - policy.soft if not _within(policy.soft, moment) else NONE,
        extended=extended,
        graced=not needed and not _within(deadline, moment),
        self_service=taken,
        bank=spent,
        charged=left - spent,
        factor=factor,
    )


def lateness_of_all(
    policies: Mapping[str, LatePolicy],
    handed_in: Mapping[str, datetime],
    extended: Mapping[str, timedelta],
    bank: int,
) -> dict[str, Lateness]:
    """The lateness of everything that one student handed in, by assignment; late days go in the order of handing in."""
    found = {}
    order = list(policies)
    for name in sorted(
        handed_in.keys() & policies.keys(), key=lambda name: (handed_in[name], order.index(name))
    ):
        found[name] = lateness(policies[name], handed_in[name], extended.get(name, NONE), bank)
        bank -= found[name].bank
    return found


def extended_by(policy: LatePolicy, extension: Extension) -> timedelta:
    """How far `extension` moves the deadlines; never backwards."""
    if extension.until is not None:
        # In the deadline's own zone, so that a change of the clocks between the two moves neither.
        return max(extension.until.astimezone(policy.soft.tzinfo) - policy.soft, NONE)
    return max(timedelta(days=extension.days or 0.0), NONE)


def is_over(deadline: datetime, moment: datetime) -> bool:
    """Whether the minute of `deadline` is over at `moment` (both aware)."""
    return not _within(deadline, moment)


def _moved(deadline: datetime, by: timedelta) -> datetime:
    """The time of day stays, whatever clocks do; of two moments that a change of clocks makes of it, the later."""
    if not by:
        return deadline  # adding nothing would forget which of the two it is
    moved = deadline + by
    return max(moved, moved.replace(fold=1), key=lambda moment: moment.astimezone(UTC))


def _within(deadline: datetime, moment: datetime, grace: timedelta = NONE) -> bool:
    end = deadline.replace(second=0, microsecond=0).astimezone(UTC) + MINUTE + grace
    return moment.astimezone(UTC) < end


def _days_after(deadline: datetime, moment: datetime, grace: timedelta) -> int:
    """The days begun since the deadline: the fewest whose addition would make `moment` count as in time."""
    days = max((moment - deadline) // DAY - 1, 0)
    while not _within(_moved(deadline, days * DAY), moment, grace):
        days += 1
    return days


def _factor(policy: LatePolicy, hard: datetime, moment: datetime, charged: int) -> float:
    if not charged:
        return 1.0
    if not _within(hard, moment, policy.grace):
        return 0.0
    return policy.factor if policy.per_day is None else max(0.0, round(1 - policy.per_day * charged, 6))
