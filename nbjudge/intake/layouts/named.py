"""`--pattern`: a regular expression with named groups, as nbgrader's zip_collect takes it."""

from __future__ import annotations

import re

from nbjudge.errors import CourseError
from nbjudge.intake.archive import Entry
from nbjudge.intake.layouts.handed_in import HandedIn, Refusal, Scene, Who
from nbjudge.intake.moments import parse_moment

GROUPS = ("student_id", "first_name", "last_name", "email", "timestamp", "file_id")  # zip_collect's


def named(entries: list[Entry], scene: Scene) -> list[HandedIn | Refusal]:
    """One hand-in for each student and time that the pattern finds in paths; CourseError if it is no such pattern."""
    try:
        pattern = re.compile(scene.pattern)
    except re.error as error:
        raise CourseError(f"--pattern {scene.pattern!r}: no regular expression: {error}") from None
    if not {"student_id", "email", "last_name"} & pattern.groupindex.keys():
        raise CourseError(f"--pattern: no group (?P<student_id>…); groups are {', '.join(GROUPS)}")
    found: dict[tuple[str, ...], tuple[Who, list[Entry]]] = {}
    refused: list[HandedIn | Refusal] = []
    for entry in entries:
        match = pattern.search("/".join(entry.parts))
        if match is None:
            refused.append(Refusal(entry.name, "--pattern does not match its path"))
            continue
        groups = {name: value for name, value in match.groupdict().items() if value}
        ids = tuple(groups[name] for name in ("student_id", "email") if name in groups)
        name = " ".join(groups[name] for name in ("first_name", "last_name") if name in groups)
        key = (*ids, name, groups.get("timestamp", ""))
        parts = (groups["file_id"],) if "file_id" in groups else entry.parts[-1:]
        whose = found.setdefault(key, (Who(ids=ids, names=(name,) if name else ()), []))
        whose[1].append(Entry(entry.name, parts, entry.reader, entry.when))
    for (*_, text), (who, files) in found.items():
        try:
            refused.append(
                HandedIn(who, tuple(files), parse_moment(_spaced(text), scene.zone) if text else None)
            )
        except ValueError as error:
            refused.append(Refusal(files[0].name, f"timestamp: {error}"))
    return refused


def _spaced(text: str) -> str:
    """Learning systems put 2027-01-30-20-30-10 into names."""
    match = re.fullmatch(r"(\d{4})[-_]?(\d\d)[-_]?(\d\d)[-_T ]?(\d\d)[-_:]?(\d\d)[-_:]?(\d\d)", text)
    return "{}-{}-{} {}:{}:{}".format(*match.groups()) if match else text
