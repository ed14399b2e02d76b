"""`<student>.ipynb`, `<student>/*.ipynb`, and one folder around all of them."""

from __future__ import annotations

from nbjudge.intake.archive import Entry
from nbjudge.intake.layouts.handed_in import (
    NOTEBOOK,
    NUMBERED,
    HandedIn,
    Refusal,
    Scene,
    Who,
    by_first,
    is_released_name,
    stem,
    without_copy,
)
from nbjudge.student_ids import fold

LONE = (
    "all that is in the only folder: is {folder!r} the student, or the folder around all? Say --layout folders or"
    " --layout files"
)


def by_student(entries: list[Entry], scene: Scene) -> list[HandedIn | Refusal]:
    """Top level names students: a folder's name, or a file's own. A folder around all of them is passed through."""
    outer, refusals = _outer_folders(entries, scene)
    return refusals or _read(entries, outer, scene)


def folders(entries: list[Entry], scene: Scene) -> list[HandedIn | Refusal]:
    """Each folder at top level is a student's, and so is each file beside them."""
    return _read(entries, 0, scene)


def files(entries: list[Entry], scene: Scene) -> list[HandedIn | Refusal]:
    """Each file names its student, whatever folders it lies in."""
    flat = [Entry(each.name, each.parts[-1:], each.reader, each.when) for each in entries]
    return _read(flat, 0, scene)


def repositories(entries: list[Entry], scene: Scene) -> list[HandedIn | Refusal]:
    """`<assignment>-<login>/`: clones as GitHub Classroom names them. A commit's time is the student's clock: not taken."""
    prefix = len(scene.assignment) + 1
    outer = _prefixed_at(entries, scene)
    grouped = by_first(entries, max(outer, 0))
    return [HandedIn(Who((name[prefix:],)), tuple(each)) for name, each in grouped.items()]


def are_repositories(entries: list[Entry], scene: Scene) -> bool:
    """Whether every folder is called `<assignment>-<login>`, and no such folder is a mere copy's."""
    return _prefixed_at(entries, scene) >= 0


def _prefixed_at(entries: list[Entry], scene: Scene) -> int:
    for outer in (0, 1):
        names = {entry.parts[outer] for entry in entries if len(entry.parts) > outer + 1}
        if names and all(
            name.casefold().startswith(f"{scene.assignment}-") and not is_released_name(name, scene)
            for name in names
        ):
            return outer if len(names) > 1 or outer == 0 else -1
    return -1


def _read(entries: list[Entry], outer: int, scene: Scene) -> list[HandedIn | Refusal]:
    found: dict[tuple[str, ...], list[Entry]] = {}
    whose: dict[tuple[str, ...], Who] = {}
    for entry in entries:
        name = entry.parts[outer]
        if len(entry.parts) == outer + 1 or stem(name) != name:  # a file, or an archive's content
            name = stem(name)
        who = _who(name, scene)
        key = (who.ids or who.names or (name,))[:1]
        found.setdefault(key, []).append(entry)
        whose[key] = who
    return [
        HandedIn(whose[key], tuple(each))
        if whose[key].ids or whose[key].names
        else Refusal(
            each[0].name,
            f"{key[0]!r} is the name of a notebook, not of a student: say whose it is with --map",
        )
        for key, each in found.items()
    ]


def _who(name: str, scene: Scene) -> Who:
    if is_released_name(name, scene):
        return Who()
    bare = without_copy(name)
    numbered = NUMBERED.sub("", bare)
    copies = (numbered,) if numbered != bare else ()
    return Who(ids=(bare,), names=(bare,) if " " in bare else (), copies=copies)


def _outer_folders(entries: list[Entry], scene: Scene) -> tuple[int, list[HandedIn | Refusal]]:
    """How many folders stand around all submissions: 1 for `hand-in/ivanov.ipynb, hand-in/petrov/intro.ipynb`, else 0.

    A lone folder is around all if it is called as the assignment is, or if all in it are in folders again, or named
    like nothing that the course released. What may be either is asked.
    """
    tops = {entry.parts[0] for entry in entries}
    if len(tops) != 1 or any(len(entry.parts) < 2 for entry in entries):
        return 0, []
    [top] = tops
    deep = all(len(entry.parts) > 2 for entry in entries)
    if fold(stem(top)) in scene.known:
        return 0, []
    # Data beside a notebook are nobody's name.
    inside = {each.parts[1] for each in entries if len(each.parts) > 2 or NOTEBOOK.search(each.parts[1])}
    named = any(is_released_name(stem(name), scene) for name in inside)
    if is_released_name(top, scene) or (deep and len(inside) > 1 and not named):
        return 1, []
    if named:
        return 0, []
    if len(inside) <= 1:
        return 0, [Refusal(entries[0].name, LONE.format(folder=top))]
    return 1, []
