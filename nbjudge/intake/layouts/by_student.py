"""`<student>.ipynb`, `<student>/*.ipynb`, and one folder around all of them."""

from __future__ import annotations

import re

from nbjudge.intake.archive import Entry, Unreadable
from nbjudge.intake.layouts.handed_in import HandedIn, Refusal
from nbjudge.intake.student_ids import RULE, is_student_id

COPY_SUFFIX = re.compile(r" ?\(\d+\)$")


def by_student(entries: list[Entry], assignment: str) -> list[HandedIn | Refusal]:
    """One notebook for each student, sorted by student; a Refusal for each one whose notebook can't be told."""
    found: list[HandedIn | Refusal] = []
    for student, files in sorted(_grouped(entries, assignment).items()):
        try:
            found.append(HandedIn(student, _pick(student, files, assignment)))
        except Unreadable as error:
            found.append(Refusal(files[0].name, str(error)))
    return found


def _grouped(entries: list[Entry], assignment: str) -> dict[str, list[Entry]]:
    """Entries by student: the folder's name, or the file's own at top level, without " (1)"."""
    grouped: dict[str, list[Entry]] = {}
    outer = _outer_folders(entries, assignment)
    for entry in entries:
        first = entry.parts[outer]
        if len(entry.parts) == outer + 1:
            first = COPY_SUFFIX.sub("", first.rpartition(".")[0] or first)
        grouped.setdefault(first, []).append(entry)
    return grouped


def _outer_folders(entries: list[Entry], assignment: str) -> int:
    """How many folders stand around all submissions: 1 for `hand-in/ivanov.ipynb, hand-in/petrov/intro.ipynb`, else 0.

    A lone folder of notebooks, none of which is named like the assignment, holds one notebook per student; a
    single file in a single folder belongs to the student whom the folder names.
    """
    if len({entry.parts[0] for entry in entries}) != 1 or any(len(entry.parts) < 2 for entry in entries):
        return 0
    if all(len(entry.parts) > 2 for entry in entries):
        return 1
    named = any(_is_named(entry, assignment) for entry in entries if len(entry.parts) == 2)
    return 0 if named or len(entries) == 1 else 1


def _pick(student: str, files: list[Entry], assignment: str) -> Entry:
    """The one notebook that counts: the only one, else the one named like the assignment. Unreadable otherwise."""
    if not is_student_id(student):
        raise Unreadable(f"{student!r} is not a student id: {RULE}")
    notebooks = [entry for entry in files if entry.name.lower().endswith(".ipynb")]
    if not notebooks:
        raise Unreadable("not an .ipynb file")
    exact = [entry for entry in notebooks if entry.parts[-1] == f"{assignment}.ipynb"]
    alike = [entry for entry in notebooks if _is_named(entry, assignment)]
    for candidates in (notebooks, exact, alike):
        if len(candidates) == 1:
            return candidates[0]
    names = ", ".join(entry.name for entry in notebooks[:5])
    raise Unreadable(f"{len(notebooks)} notebooks of {student} ({names}): keep one of them")


def _is_named(entry: Entry, assignment: str) -> bool:
    pattern = rf"{re.escape(assignment)}(\.\w\w)?([ _-]*\(?\d+\)?)?\.ipynb"
    return re.fullmatch(pattern, entry.parts[-1], re.IGNORECASE) is not None
