"""Moodle's "Download all submissions": one folder or prefix for each student, named by mod/assign/classes/downloader.php."""

from __future__ import annotations

import re

from nbjudge.intake.archive import Entry
from nbjudge.intake.layouts.handed_in import HandedIn, Refusal, Scene, Who, outer_folders

# <full name>_<participant>_assignsubmission_file[_]/<file>, before 3.1 and by choice <...>_assignsubmission_file_<file>;
# online texts and the teacher's feedback come the same way. The first match counts: what follows is the student's own.
NAME = re.compile(
    r"(?P<name>.+?)_(?P<participant>\d+)_(?P<kind>assignsubmission|assignfeedback)_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?$",
    re.DOTALL,
)
GROUP = re.compile(
    r"(?P<name>.+?)_(?P<kind>assignsubmission|assignfeedback)_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?$"
)


def is_moodle(entries: list[Entry], scene: Scene) -> bool:
    """Whether most names at one level are as Moodle makes them."""
    return outer_folders(entries, NAME) >= 0


def moodle(entries: list[Entry], scene: Scene) -> list[HandedIn | Refusal]:
    """One hand-in for each participant; online texts and feedback files are passed over.

    The number is the participant's in this assignment: another in the next one. Times are not taken from entries,
    which Moodle dates with the moment of the download.
    """
    depth = max(outer_folders(entries, NAME), 0)
    found: dict[tuple[str, str], list[Entry]] = {}
    refused: list[HandedIn | Refusal] = []
    for entry in entries:
        if len(entry.parts) <= depth or not (match := NAME.match(entry.parts[depth])):
            refused.append(Refusal(entry.name, _why(entry, depth)))
        elif match["kind"] == "assignsubmission" and match["plugin"] == "file":
            inner = (*filter(None, [match["file"]]), *entry.parts[depth + 1 :])
            found.setdefault((match["participant"], match["name"]), []).append(
                Entry(entry.name, inner or entry.parts[depth:], entry.reader, entry.when)
            )
    given = [
        HandedIn(Who(ids=(number,), names=_names(name), participant=number), tuple(files))
        for (number, name), files in found.items()
    ]
    return [*given, *refused]


def _names(name: str) -> tuple[str, ...]:
    """None of a blind assignment, where every student is called "Participant", in the site's language."""
    return () if " " not in name.strip() else (name,)


def _why(entry: Entry, depth: int) -> str:
    if len(entry.parts) > depth and GROUP.match(entry.parts[depth]):
        return "handed in by a team, whose members the archive does not name: say whose it is with --map"
    return "not named as Moodle names submissions: say whose it is with --map"
