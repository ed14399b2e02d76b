"""Gradescope's export: a folder for each submission, explained by submission_metadata.yml."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from nbjudge.errors import CourseError
from nbjudge.intake.archive import Entry, Unreadable
from nbjudge.intake.layouts.handed_in import HandedIn, Refusal, Scene, Who, by_first
from nbjudge.intake.moments import parse_moment

METADATA = "submission_metadata.yml"
MAX_BYTES = 20 << 20


def is_gradescope(entries: list[Entry], scene: Scene) -> bool:
    """Whether the export's metadata are there."""
    return any(entry.parts[-1] == METADATA and len(entry.parts) <= 2 for entry in entries)


def gradescope(entries: list[Entry], scene: Scene) -> list[HandedIn | Refusal]:
    """One hand-in for each submitter of a submission, at Gradescope's time."""
    metadata = next((each for each in entries if each.parts[-1] == METADATA and len(each.parts) <= 2), None)
    if metadata is None:
        raise CourseError(f"no {METADATA}: collect the whole export of Gradescope, or name another --layout")
    depth = len(metadata.parts) - 1
    known = _records(metadata)
    found: list[HandedIn | Refusal] = []
    inside = [entry for entry in entries if entry is not metadata and len(entry.parts) > depth]
    for folder, files in by_first(inside, depth).items():
        record = known.get(folder)
        people = record.get(":submitters") if isinstance(record, dict) else None
        if not isinstance(record, dict) or not isinstance(people, list) or not people:
            found.append(Refusal(files[0].name, f"{METADATA} does not say whose it is: say so with --map"))
            continue
        when = _when(record.get(":created_at"), scene)
        for person in people:
            who = _who(person if isinstance(person, dict) else {})
            found.append(HandedIn(who, tuple(files), when))
    return found


def _records(metadata: Entry) -> dict[str, Any]:
    import yaml

    try:
        data = metadata.read()
        if len(data) > MAX_BYTES:
            raise CourseError(
                f"{metadata.name}: larger than {MAX_BYTES >> 20} MB: export fewer submissions at once"
            )
        found = yaml.safe_load(data)
    except (yaml.YAMLError, Unreadable, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise CourseError(
            f"{metadata.name} cannot be read ({reason}): export from Gradescope again"
        ) from None
    return found if isinstance(found, dict) else {}


def _who(person: dict[str, Any]) -> Who:
    texts = [str(person.get(key) or "").strip() for key in (":sid", ":email", ":name")]
    return Who(ids=tuple(filter(None, texts[:2])), names=tuple(filter(None, texts[2:])))


def _when(value: object, scene: Scene) -> datetime | None:
    if isinstance(value, datetime):  # YAML's times without a zone are UTC
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return parse_moment(value, scene.zone) if isinstance(value, str) else None
    except ValueError:
        return None
