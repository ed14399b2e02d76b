"""Blackboard's "Assignment File Download": student and time of each attempt stand in the file's name."""

from __future__ import annotations

import re
from datetime import datetime

from nbjudge.intake.archive import Entry
from nbjudge.intake.layouts.handed_in import HandedIn, Refusal, Scene, Who, outer_folders
from nbjudge.intake.moments import in_zone

# <assignment>_<login>_attempt_<time>_<file>, and <assignment>_<login>_attempt_<time>.txt with the student's comment;
# the first match counts: what follows is the student's own
NAME = re.compile(
    r"(?P<assignment>.+?)_(?P<user>[^_]+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)$",
    re.DOTALL,
)


def is_blackboard(entries: list[Entry], scene: Scene) -> bool:
    """Whether a name at one level is as Blackboard makes them."""
    return outer_folders(entries, NAME) >= 0


def blackboard(entries: list[Entry], scene: Scene) -> list[HandedIn | Refusal]:
    """One hand-in for each attempt, at the server's time, which is taken to be the course's."""
    depth = max(outer_folders(entries, NAME), 0)
    found: dict[tuple[str, str], list[Entry]] = {}
    refused: list[HandedIn | Refusal] = []
    for entry in entries:
        match = NAME.match(entry.parts[depth]) if len(entry.parts) > depth else None
        if match is None:
            refused.append(
                Refusal(entry.name, "not named as Blackboard names submissions: say whose it is with --map")
            )
        elif match["file"]:
            inner = (match["file"], *entry.parts[depth + 1 :])
            handed_in = Entry(entry.name, inner, entry.reader, entry.when)
            found.setdefault((match["user"], match["when"]), []).append(handed_in)
    given: list[HandedIn | Refusal] = []
    for (user, text), files in found.items():
        try:
            when = in_zone(datetime.strptime(text, "%Y-%m-%d-%H-%M-%S"), scene.zone)
            given.append(HandedIn(Who(ids=(user,)), tuple(files), when))
        except ValueError:
            given.append(Refusal(files[0].name, f"{text} is no time"))
    return [*given, *refused]
