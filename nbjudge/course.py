"""course_config.py -> Course: the only reader of configuration and environment."""

from __future__ import annotations

import os
import re
import runpy
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nbjudge.errors import CourseError
from nbjudge.languages import available
from nbjudge.lateness import LatePolicy
from nbjudge.model import Assignment, Course, Language, Limits

CONFIG = "course_config.py"
EXERCISE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(KB|MB|GB|TB)?", re.IGNORECASE)
UNITS = {"": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
DATABASE = "NBJUDGE_DATABASE"  # environment: for a URL with a password, or one that only a container knows
SETTINGS = ("course_id", "title", "languages", "timezone", "database", "late_days", "assignments")
ASSIGNMENT_SETTINGS = (
    *("title", "points", "soft_deadline", "hard_deadline", "late_factor", "late_per_day", "grace_minutes"),
    *("self_service_days", "late_days", "counts", "feedback", "limits", "extra_files", "extra_size"),
)
COUNTS = ("last", "last_in_time", "best")
INSTEAD = {"extensions": "extensions for single students are given with `nbjudge extend`"}
LIMITS = ("seconds", "memory", "processes", "disk", "output", "gpu_memory")


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds course_config.py; CourseError if none does."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / CONFIG).is_file():
            return folder
    raise CourseError(
        f"{start}: no {CONFIG} here or in a folder above. Run nbjudge in the course's folder, or name it with --course."
    )


def load_course(root: Path, gradebook: Path | None = None) -> Course:
    """Reads `root`/course_config.py; CourseError names the setting that is wrong.

    `gradebook` puts the state into another folder (a demonstration, a test), with a separate SQLite database there.
    Otherwise the environment's NBJUDGE_DATABASE wins over the file's `database`.
    """
    path = root / CONFIG
    try:
        values = runpy.run_path(str(path))
    except Exception as error:
        raise CourseError(f"{path}: cannot be read: {type(error).__name__}: {error}") from error
    # What a module holds besides settings: imports, functions, and helpers that begin with an underscore.
    named = {name: value for name, value in values.items() if not name.startswith("_")}
    _refuse_unknown((name for name in named if not _is_code(named[name])), SETTINGS, str(path))
    zone = _zone(_get(values, "timezone", str, path), path)
    notes: list[str] = []
    declared = _get(values, "assignments", dict, path)
    return Course(
        root=root,
        id=_get(values, "course_id", str, path),
        title=_get(values, "title", dict, path),
        languages=_languages(_get(values, "languages", tuple, path), path),
        database=f"sqlite:///{gradebook.resolve() / 'gradebook.db'}"
        if gradebook
        else _database(os.environ.get(DATABASE) or _get(values, "database", str, path), root),
        assignments={name: _assignment(name, entry, zone, path, notes) for name, entry in declared.items()},
        gradebook=gradebook.resolve() if gradebook else root / "gradebook",
        late_days=_whole(values, "late_days", 0, str(path)),
        zone=zone,
        notes=tuple(notes),
    )


def pick_assignment(course: Course, name: str) -> Assignment:
    """The assignment called `name`; CourseError lists the ones there are."""
    try:
        return course.assignments[name]
    except KeyError:
        known = ", ".join(course.assignments) or "none"
        raise CourseError(f"{course.root / CONFIG}: no assignment {name!r}; there is: {known}") from None


def parse_size(text: str | int) -> int:
    """Bytes from "2GB", "512 MB" or a plain number (units of 1024); ValueError otherwise."""
    match = SIZE.fullmatch(str(text).strip())
    if not match:
        raise ValueError(f"{text!r} is not a size such as '2GB' or '512MB'")
    return int(float(match[1]) * UNITS[(match[2] or "").upper()])


def parse_time(text: str, zone: tzinfo | None, where: str) -> datetime:
    """The aware time of "YYYY-MM-DD HH:MM" in `zone`, or of a date's last minute; CourseError begins with `where`."""
    for form, more in (("%Y-%m-%d %H:%M", ""), ("%Y-%m-%d", " 23:59")):
        try:
            datetime.strptime(text.strip(), form)
        except ValueError:
            continue
        return datetime.strptime(text.strip() + more, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    raise CourseError(f"{where}: {text!r} is not 'YYYY-MM-DD HH:MM'")


def _assignment(name: str, entry: dict[str, Any], zone: ZoneInfo, path: Path, notes: list[str]) -> Assignment:
    where = f"assignments[{name!r}]"
    if not isinstance(entry, dict):
        raise CourseError(f"{path}: {where} must be a dict, not {entry!r}")
    _refuse_unknown(entry, ASSIGNMENT_SETTINGS, f"{path}: {where}")
    if not EXERCISE_ID.fullmatch(name):
        raise CourseError(f"{path}: {where}: use lower case, digits and hyphens in names")
    points = {id_: float(p) for id_, p in _get(entry, "points", dict, path, where).items()}
    for id_ in points:
        if not EXERCISE_ID.fullmatch(id_):
            raise CourseError(f"{path}: {where}['points']: {id_!r}: use lower case, digits and hyphens")
    feedback = entry.get("feedback", "always")
    if feedback not in ("always", "after_hard_deadline"):
        raise CourseError(f"{path}: {where}['feedback']: 'always' or 'after_hard_deadline', not {feedback!r}")
    counts = entry.get("counts", "last")
    if counts not in COUNTS:
        raise CourseError(f"{path}: {where}['counts']: one of {', '.join(map(repr, COUNTS))}, not {counts!r}")
    return Assignment(
        name=name,
        title=_get(entry, "title", dict, path, where),
        points=points,
        late=_late_policy(entry, zone, path, where, notes),
        feedback=feedback,
        limits=parse_limits(entry.get("limits", {}), f"{path}: {where}['limits']"),
        counts=counts,
        **_extra_files(entry, path, where),
    )


def _late_policy(
    entry: dict[str, Any], zone: ZoneInfo, path: Path, where: str, notes: list[str]
) -> LatePolicy:
    place = f"{path}: {where}"
    soft = _deadline(_get(entry, "soft_deadline", str, path, where), zone, path, where, notes)
    hard = _deadline(_get(entry, "hard_deadline", str, path, where), zone, path, where, notes)
    if hard < soft:
        raise CourseError(f"{place}: the hard deadline comes before the soft one")
    if "late_per_day" in entry and "late_factor" in entry:
        raise CourseError(f"{place}: 'late_factor' or 'late_per_day', not both: one says what lateness costs")
    return LatePolicy(
        soft,
        hard,
        factor=_number(entry, "late_factor", 0.5, place, most=1),
        per_day=_number(entry, "late_per_day", 0, place, most=1) if "late_per_day" in entry else None,
        grace=timedelta(minutes=_number(entry, "grace_minutes", 0, place, most=100_000)),
        self_service=_whole(entry, "self_service_days", 0, place),
        most_late_days=_whole(entry, "late_days", 0, place) if "late_days" in entry else None,
    )


def _extra_files(entry: dict[str, Any], path: Path, where: str) -> dict[str, Any]:
    """What students may hand in beside the notebook: patterns of names, and bytes of all together."""
    patterns = entry.get("extra_files", ())
    if not isinstance(patterns, list | tuple) or not all(isinstance(each, str) for each in patterns):
        raise CourseError(
            f"{path}: {where}['extra_files']: a list of patterns such as ['*.py'], not {patterns!r}"
        )
    for pattern in patterns:
        if "/" in pattern or not pattern.strip("*?. "):
            raise CourseError(
                f"{path}: {where}['extra_files']: {pattern!r}: name files beside the notebook, such as '*.py'"
            )
    try:
        size = parse_size(entry.get("extra_size", "10MB"))
    except ValueError as error:
        raise CourseError(f"{path}: {where}['extra_size']: {error}") from None
    return {"extra_files": tuple(patterns), "extra_bytes": size}


def parse_limits(values: dict[str, Any], where: str, base: Limits | None = None) -> Limits:
    """Limits from {"seconds": 20, "memory": "2GB"} over `base`; CourseError begins with `where`."""
    merged: dict[str, Any] = {name: getattr(base or Limits(), name) for name in LIMITS}
    for name, value in values.items():
        if name not in merged:
            raise CourseError(f"{where}: no limit {name!r}; there is: {', '.join(merged)}")
        try:
            merged[name] = float(value) if name == "seconds" else parse_size(value)
        except ValueError as error:
            raise CourseError(f"{where}: {name}: {error}") from None
    return Limits(**merged)


def _get(values: dict[str, Any], name: str, kind: type, path: Path, where: str = "") -> Any:
    label = f"{where}[{name!r}]" if where else name
    if name not in values:
        raise CourseError(f"{path}: {label} is missing")
    if not isinstance(values[name], kind):
        raise CourseError(f"{path}: {label} must be a {kind.__name__}, not {values[name]!r}")
    return values[name]


def _number(values: dict[str, Any], name: str, default: float, place: str, most: float) -> float:
    value = values.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
        raise CourseError(f"{place}: {name!r} must be a number from 0 to {most}, not {value!r}")
    return float(value)


def _whole(values: dict[str, Any], name: str, default: int, place: str) -> int:
    value = values.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 3650:
        raise CourseError(f"{place}: {name!r} must be a whole number of days, not {value!r}")
    return value


def _is_code(value: object) -> bool:
    """Whether a name of the file is no value: an imported module, a class, a function."""
    return callable(value) or isinstance(value, ModuleType)


def _refuse_unknown(names: Iterable[str], known: tuple[str, ...], place: str) -> None:
    """CourseError for a setting that nobody would read, with the nearest one that there is."""
    for name in names:
        if name in known:
            continue
        nearest = get_close_matches(str(name), known, 1)
        advice = INSTEAD.get(name) or (
            f"did you mean {nearest[0]!r}?" if nearest else f"there is: {', '.join(known)}"
        )
        helper = "" if place.endswith("]") else " (a helper's name begins with _)"
        raise CourseError(f"{place}: no setting {name!r}; {advice}{helper}")


def _languages(names: tuple[Any, ...], path: Path) -> tuple[Language, ...]:
    known = available()
    if not names:
        raise CourseError(f"{path}: languages: name at least one; there is: {', '.join(known)}")
    for name in names:
        if name not in known:
            raise CourseError(
                f"{path}: languages: there is no catalogue for {name!r}; there is: {', '.join(known)}. Use one of"
                " these, or translate nbjudge/languages/en.json (docs/languages.md)"
            )
    return names


def _zone(name: str, path: Path) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise CourseError(
            f"{path}: timezone: {name!r} is unknown; use a name such as 'Europe/Moscow'"
        ) from None


def _deadline(text: str, zone: ZoneInfo, path: Path, where: str, notes: list[str]) -> datetime:
    """The minute that is named, which lasts until its end; of two that a change of clocks makes of it, the later."""
    try:
        naive = datetime.strptime(text, "%Y-%m-%d %H:%M")
    except ValueError:
        raise CourseError(f"{path}: {where}: deadline {text!r} is not 'YYYY-MM-DD HH:MM'") from None
    early, late = naive.replace(tzinfo=zone), naive.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early
    later = max(early, late, key=lambda moment: moment.astimezone(UTC))
    notes.append(
        f"{path}: {where}: clocks change around {text}: the deadline is {later.astimezone(UTC):%Y-%m-%d %H:%M} UTC,"
        " the later of the two that it may mean"
    )
    return later


def _database(url: str, root: Path) -> str:
    prefix = "sqlite:///"
    if url.startswith(prefix) and not url.startswith(prefix + "/"):
        return f"{prefix}{root / url.removeprefix(prefix)}"
    return url
