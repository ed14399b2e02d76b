"""What a layout makes of a folder or archive."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from nbjudge.intake.archive import Entry

NOTEBOOK = re.compile(
    r"\.ipynb(\.(json|txt|htm|html))?$|\.json$|\.txt$", re.IGNORECASE
)  # what browsers make of .ipynb
SUFFIX = re.compile(r"(\.ipynb)?\.(ipynb|json|txt|html?|zip|tar|tgz|gz|7z|rar|pdf|py)$", re.IGNORECASE)
# " (1)", "-Copy1", " - копия", " — copy (2)": what browsers, Jupyter and file managers add to a name.
COPY = re.compile(
    r"(?:[ _-]*\(\d+\)|[ _-]+(?:copy|копия|kopie)[ _-]*(?:\(?\d+\)?)?|-checkpoint)$", re.IGNORECASE
)
COPY_OF = re.compile(r"^(?:copy|копия|kopie)(?:[ _-]*(?:of|von))?[ _-]+", re.IGNORECASE)
NUMBERED = re.compile(r"[-_]\d{1,2}$")  # a second file in Canvas; but perhaps a student's login
# What Kaggle, Colab and Jupyter call a notebook that nobody named.
NAMELESS = re.compile(r"__notebook(_source)?__|(untitled|без[ _]названия)[ _]?\d*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a layout may know beside the files' names."""

    assignment: str
    others: frozenset[str]  # the course's other assignments
    zone: tzinfo
    in_folder: bool = False  # a folder of this machine: owners and the file system's times are real
    pattern: str = ""  # --pattern
    known: frozenset[str] = frozenset()  # folded ids of students of the roster, or of whom something is there


@dataclass(frozen=True, slots=True)
class Who:
    """What a file's name and the layout's own record say of the student; `ids` before `copies` before `names`."""

    ids: tuple[str, ...] = ()  # logins and numbers, the surest first
    names: tuple[str, ...] = ()  # full names, in any order of their parts
    copies: tuple[str, ...] = ()  # the ids without what marks a copy: they count if they are known
    participant: str = ""  # a number that only the learning system's own sheet explains

    @property
    def shown(self) -> str:
        """The text that people recognise the student by."""
        return (*self.names, *self.ids, self.participant, "?")[0]


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What one student handed in at once."""

    who: Who
    files: tuple[Entry, ...]
    when: datetime | None = None  # aware: the layout's own record
    late: bool = False  # the learning system's own mark


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file of a collected folder or archive that was not stored: it can't be, or a person must say whose it is."""

    name: str  # as it is called there
    reason: str
    candidates: tuple[str, ...] = ()  # ids of students whose it may be


def stem(name: str) -> str:
    """A file's name without what says its type."""
    return SUFFIX.sub("", name)


def without_copy(name: str) -> str:
    """A name without what marks it as a copy, as often as it is marked."""
    while (shorter := COPY_OF.sub("", COPY.sub("", name))) != name and shorter:
        name = shorter
    return name


def is_released_name(name: str, scene: Scene) -> bool:
    """Whether a file or folder of this name (without type) is called as the course calls notebooks: never a student."""
    bare = without_copy(name).strip()
    if NAMELESS.fullmatch(bare):
        return True
    bare = re.sub(r"\.\w\w$", "", bare.casefold())  # the release in another language
    bare = re.sub(r"[ _]", "-", bare)
    names = {each.casefold() for each in (scene.assignment, *scene.others)}
    return bare in names or NUMBERED.sub("", bare) in names


def by_first(entries: Iterable[Entry], depth: int = 0) -> dict[str, list[Entry]]:
    """Entries by the component of their path at `depth`, in order."""
    grouped: dict[str, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.parts[depth], []).append(entry)
    return grouped


def outer_folders(entries: Iterable[Entry], pattern: re.Pattern[str]) -> int:
    """How many folders stand around names that match `pattern`: an unpacked archive often has one more; -1: no such name."""
    entries = list(entries)
    for depth in range(3):
        if any(len(entry.parts) > depth and pattern.match(entry.parts[depth]) for entry in entries):
            return depth
        if len({entry.parts[0] for entry in entries}) != 1:
            break
    return -1
