"""When something was handed in: who is believed, and what to do where nobody can know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

from nbjudge.intake.archive import Entry
from nbjudge.intake.layouts import HandedIn
from nbjudge.model import Assignment

How = Literal["record", "archive", "named", "clock", "unknown"]
# The first is believed most: the learning system's record, the file's time in folder or archive, --submitted, our clock.
BELIEF: tuple[How, ...] = ("record", "archive", "named", "clock", "unknown")
AT_ONCE = timedelta(minutes=10)  # in which a folder is copied or an archive packed


class HandInTime(NamedTuple):
    """When, and how that is known."""

    moment: datetime  # aware; where it is unknown, one that is in time
    how: How


def packed_at_once(entries: Sequence[Entry], path: Path) -> bool:
    """Whether the files' times are no more than the moment in which the folder or archive itself was made."""
    times = [entry.when for entry in entries if entry.when is not None]
    try:
        made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return True
    return bool(times) and max(abs(made - moment) for moment in times) <= AT_ONCE


def hand_in_time(
    handed_in: HandedIn,
    entry: Entry,
    assignment: Assignment,
    *,
    dated: bool,
    submitted: datetime | None,
    now: datetime,
) -> HandInTime:
    """The time of the most credible witness; `dated`: whether an entry's time is the file's own, not the packing's.

    The moment of packing still acquits: what was packed before the deadline was handed in before it.
    """
    if handed_in.when is not None:
        return HandInTime(handed_in.when.astimezone(UTC), "record")
    in_time = min(now, assignment.soft_deadline.astimezone(UTC))
    packed = entry.when if entry.when is not None and entry.when <= now + AT_ONCE else None
    if packed is not None and (dated or packed <= in_time):
        return HandInTime(packed, "archive")
    if submitted is not None:
        return HandInTime(submitted.astimezone(UTC), "named")
    return HandInTime(in_time, "unknown")
