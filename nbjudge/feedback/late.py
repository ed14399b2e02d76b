"""The late policy in words: the student's deadlines, and the arithmetic in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from nbjudge.languages import Words
from nbjudge.lateness import DAY, Lateness, LatePolicy, is_over, lateness
from nbjudge.model import Assignment, Result, Score
from nbjudge.scoring import DIGITS


@dataclass(frozen=True, slots=True)
class Zone:
    """One stretch of the late policy; `mine` says when this submission fell into it."""

    rule: str
    until: str
    mine: str = ""


def lateness_of(assignment: Assignment, result: Result, score: Score) -> Lateness:
    """The lateness that the score was made with, else that of somebody without an extension."""
    return score.late or lateness(assignment.late, result.timestamp)


def arithmetic(policy: LatePolicy, late: Lateness, score: Score, say: Words) -> str:
    """How the points came about, in one sentence: "8 × 0.5 = 4: ..."; empty for what was in time anyway."""
    if not late.late:
        return ""
    zone = policy.soft.tzinfo
    parts = [say("late_by", span=say.span(late.late), when=say.moment(late.soft, zone))]
    if late.extended:
        parts.append(say("late_extended", when=say.moment(late.deadline, zone)))
    if late.graced:
        parts.append(say("late_grace", span=say.span(policy.grace)))
    if late.self_service:
        parts.append(say("late_self_service", n=late.self_service))
    if late.bank:
        parts.append(say("late_bank", n=late.bank))
    if late.charged and _is_too_late(late):
        parts.append(say("late_too_late", when=say.moment(late.last, zone)))
    elif late.charged and policy.per_day is not None:
        parts.append(say("late_charged", n=late.charged, percent=say.percent(policy.per_day)))
    why = "; ".join(parts)
    if late.factor == 1:
        return say("late_none", why=why)
    # With all their digits, or the sum would not add up.
    before, after = say.number(score.score, DIGITS), say.number(score.final, DIGITS)
    return say("late_sum", score=before, factor=say.quantity(late.factor), final=after, why=why)


def zones(policy: LatePolicy, late: Lateness, say: Words) -> tuple[Zone, ...]:
    """This student's deadlines, each with what counts until then."""
    zone = policy.soft.tzinfo
    full = late.deadline + (late.self_service + late.bank) * DAY
    soft, hard = say.moment(full, zone), say.moment(late.last, zone)
    here = say("here", when=say.moment(late.handed_in, zone))
    first = Zone(say("zone_full"), soft, "" if late.charged else here)
    after = Zone(say("zone_none"), hard, here if late.charged and _is_too_late(late) else "")
    if late.last <= full:
        return first, after
    rule = (
        say("zone_part", percent=say.percent(policy.factor))
        if policy.per_day is None
        else say("zone_per_day", percent=say.percent(policy.per_day))
    )
    return first, Zone(rule, hard, "" if first.mine or after.mine else here), after


def _is_too_late(late: Lateness) -> bool:
    return late.factor == 0 and is_over(late.last, late.handed_in)
