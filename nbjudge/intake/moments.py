"""Times that other programs wrote: read with their zone, or refused by name; never replaced by another."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

CLOCK = r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d))?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)\s*(.*)")
# "Sunday, 7 February 2027, 11:58 PM", "воскресенье, 7 февраля 2027, 23:58", "7. Februar 2027, 23:58"
DAY_FIRST = re.compile(
    rf"(?P<day>\d{{1,2}})\.?\s+(?:de\s+)?(?P<month>[^\W\d_]+)\.?\s+(?:de\s+)?(?P<year>\d{{4}})\D*?{CLOCK}"
)
MONTH_FIRST = re.compile(rf"(?P<month>[^\W\d_]+)\.?\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})\D*?{CLOCK}")
LANGUAGES = ("en", "ru", "de", "fr", "es", "it", "pt", "pl", "uk", "nl", "cs")
NUMERIC = re.compile(r"[+-]\d\d(?::?\d\d)?")


def parse_moment(text: str, zone: tzinfo) -> datetime:
    """The aware time that `text` says, in UTC; one without a zone is in `zone`. ValueError says what is not understood.

    ISO 8601 with an offset, a zone's name or neither, and the long dates of Moodle's sheets.
    """
    text = text.strip()
    if match := ISO.fullmatch(text):
        naive = datetime.fromisoformat(f"{match[1]} {match[2].replace(',', '.')[:15]}")
        return in_zone(naive, _zone(match[3], naive, zone)).astimezone(UTC)
    if match := DAY_FIRST.search(text) or MONTH_FIRST.search(text):
        month = _months().get(match["month"].casefold())
        if month is not None:
            hour = int(match["hour"])
            if match["half"]:
                hour = hour % 12 + (12 if match["half"][0] in "Pp" else 0)
            naive = datetime(
                int(match["year"]),
                month,
                int(match["day"]),
                hour,
                int(match["minute"]),
                int(match["second"] or 0),
            )
            return in_zone(naive, zone).astimezone(UTC)
    raise ValueError(f"{text!r} is not a time that can be read: write it as 2027-02-07 23:58:00 +0300")


def in_zone(naive: datetime, zone: tzinfo) -> datetime:
    """A wall clock's time in a zone; of two that a change of clocks makes of it, the later."""
    early, late = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    return max(early, late, key=lambda moment: moment.astimezone(UTC))


def is_ambiguous(naive: datetime, zone: tzinfo) -> bool:
    """Whether a change of clocks makes this wall clock's time come twice, or never."""
    return naive.replace(tzinfo=zone, fold=0).utcoffset() != naive.replace(tzinfo=zone, fold=1).utcoffset()


def _zone(name: str, naive: datetime, zone: tzinfo) -> tzinfo:
    if not name:
        return zone
    if name in ("Z", "UTC", "GMT"):
        return UTC
    if NUMERIC.fullmatch(name):
        offset = datetime.strptime(name if len(name) > 3 else name + "00", "%z").tzinfo
        assert offset is not None
        return offset
    # An abbreviation such as MSK means the course's own zone, where that is called so; others are several zones' names.
    for fold in (0, 1):
        if naive.replace(tzinfo=zone, fold=fold).tzname() == name:
            return _fixed(naive.replace(tzinfo=zone, fold=fold))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"the zone {name!r} is not known: write an offset such as +0300, or a name such as Europe/Moscow"
        ) from None


def _fixed(moment: datetime) -> tzinfo:
    from datetime import timezone

    return timezone(moment.utcoffset() or timedelta())


@cache
def _months() -> dict[str, int]:
    """Names of months, in the form that dates have, of the languages that sheets come in."""
    from babel.dates import get_month_names

    found: dict[str, int] = {}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for number, name in get_month_names(width, "format", language).items():
                found.setdefault(name.casefold().rstrip("."), number)
    return found
