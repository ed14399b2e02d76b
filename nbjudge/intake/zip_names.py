"""What a zip's entry is called and when it was changed: zips hold both in more than one way."""

from __future__ import annotations

import contextlib
import re
import struct
import unicodedata
import zipfile
from datetime import UTC, datetime, tzinfo

from nbjudge.intake.moments import in_zone

UTF8 = 0x800  # the flag of a name in UTF-8
UNICODE_PATH, UNIX_TIME = 0x7075, 0x5455  # ids of extra fields
CYRILLIC_PAGES = ("cp866", "cp1251")  # of Windows Explorer and of older archivers, in Russian
WORD = re.compile(r"[^\W\d_]+")


def entry_name(info: zipfile.ZipInfo) -> str:
    """The name that the archiver meant: UTF-8 where it says or looks so, else the code page that makes words of it."""
    if info.flag_bits & UTF8:
        return info.filename
    path = _extra(info, UNICODE_PATH)
    with contextlib.suppress(UnicodeError):
        if len(path) > 5:  # a version and a CRC of the other name come first
            return path[5:].decode()
    try:
        raw = info.filename.encode("cp437")
    except UnicodeError:
        return info.filename
    with contextlib.suppress(UnicodeError):
        return raw.decode()
    readings = [raw.decode(page, "replace") for page in CYRILLIC_PAGES]
    best = max(readings, key=_likeness)
    return best if _likeness(best) > 0 else info.filename


def entry_time(info: zipfile.ZipInfo, zone: tzinfo) -> datetime | None:
    """When the entry was last changed, aware; None if the archiver did not say. DOS's wall clock is taken in `zone`."""
    unix = _extra(info, UNIX_TIME)
    if len(unix) >= 5 and unix[0] & 1:
        return datetime.fromtimestamp(struct.unpack_from("<i", unix, 1)[0], UTC)
    if info.date_time[:3] == (1980, 1, 1):
        return None
    try:
        return in_zone(datetime(*info.date_time), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _likeness(name: str) -> int:
    """How many Cyrillic letters a reading has; 0 if it has a word that nobody writes: two scripts, or a capital within."""
    letters = 0
    for one in name:
        if one.isascii():
            continue
        if not unicodedata.name(one, "").startswith("CYRILLIC") and one != "№":
            return 0
        letters += 1
    for word in WORD.findall(name):
        if not word.isascii() and any(one.isascii() for one in word):
            return 0
        if not (word.islower() or word.isupper() or word[1:].islower()):
            return 1  # better than no reading
    return 1 + letters


def _extra(info: zipfile.ZipInfo, wanted: int) -> bytes:
    data, at = info.extra, 0
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, at)
        if kind == wanted:
            return data[at + 4 : at + 4 + size]
        at += 4 + size
    return b""
