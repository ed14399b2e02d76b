"""Which of the files that one student handed in at once counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from nbjudge.intake.archive import Entry, Unreadable
from nbjudge.intake.layouts.handed_in import NOTEBOOK, Scene, is_released_name, stem, without_copy

MAX_CANDIDATES = 20
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
PLAIN = re.compile(r"\.ipynb$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a file looks beside the release."""

    answers: int  # solution cells that the student changed
    found: int  # released cells that are in it; -1: it is not a notebook of this assignment


@dataclass(frozen=True, slots=True)
class Chosen:
    """The notebook that counts, and what lay beside it."""

    entry: Entry
    data: bytes
    left: tuple[Entry, ...]  # in order; the student's other files, other notebooks among them


def choose(files: Sequence[Entry], scene: Scene, likeness: Callable[[bytes], Likeness]) -> Chosen:
    """One notebook of a student's files: the assignment's own name before others, then the best match, then the newest.

    A file without an answer comes after every file with one. Unreadable if there is no notebook, or none can be read.
    """
    candidates = [entry for entry in files if PLAIN.search(entry.parts[-1])] or _by_content(files, likeness)
    if not candidates:
        raise Unreadable(_no_notebook(files))
    if len(candidates) == 1:
        return _chosen(candidates[0], candidates[0].read(), files)
    readings: list[tuple[tuple[object, ...], Entry, bytes]] = []
    reasons = []
    for entry in candidates[:MAX_CANDIDATES]:
        try:
            data = entry.read()
        except Unreadable as error:
            reasons.append(f"{entry.name}: {error}")
            continue
        like = likeness(data)
        rank = (like.answers > 0, _nearness(entry, scene), like.found, like.answers, entry.when or LONG_AGO)
        readings.append(((*rank, -len(entry.parts)), entry, data))
    if not readings:
        raise Unreadable("; ".join(reasons))
    _, entry, data = max(readings, key=lambda reading: reading[0])
    return _chosen(entry, data, files)


def _chosen(entry: Entry, data: bytes, files: Sequence[Entry]) -> Chosen:
    return Chosen(entry, data, tuple(each for each in files if each is not entry))


def _nearness(entry: Entry, scene: Scene) -> int:
    """The assignment's own name, a copy's, any other, a copy of any other."""
    name = stem(entry.parts[-1])
    copy = without_copy(name) != name
    if is_released_name(name, scene) and scene.assignment.casefold() in name.casefold():
        own = re.fullmatch(rf"{re.escape(scene.assignment)}(\.\w\w)?", name, re.IGNORECASE)
        return 3 if own else 2
    return 0 if copy else 1


def _by_content(files: Sequence[Entry], likeness: Callable[[bytes], Likeness]) -> list[Entry]:
    """Notebooks that a browser gave another suffix, or none."""
    found = []
    for entry in files:
        if NOTEBOOK.search(entry.parts[-1]) or "." not in entry.parts[-1]:
            try:
                if likeness(entry.read()).found >= 0:
                    found.append(entry)
            except Unreadable:
                continue
    return found


def _no_notebook(files: Sequence[Entry]) -> str:
    names = ", ".join(entry.parts[-1] for entry in files[:3])
    return "not an .ipynb file" if len(files) == 1 else f"no .ipynb file among {len(files)} ({names})"
