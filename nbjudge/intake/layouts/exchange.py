"""nbgrader's exchange, `<course>/inbound/`: `<login>+<assignment>+<time>+<random>/`, as its students' processes made them."""

from __future__ import annotations

import re
from datetime import timedelta

from nbjudge.intake.archive import Entry
from nbjudge.intake.layouts.handed_in import HandedIn, Refusal, Scene, Who, by_first, outer_folders
from nbjudge.intake.moments import parse_moment

NAME = re.compile(
    r"(?P<user>[^+]+)\+(?P<assignment>[^+]+)\+(?P<when>[^+]+(?:[+-]\d{4})?)(?:\+(?P<random>\w+))?$"
)
COPYING = timedelta(minutes=10)  # from the time that nbgrader writes to the last file's


def is_exchange(entries: list[Entry], scene: Scene) -> bool:
    """Whether a name at one level is as nbgrader's submit makes them."""
    return outer_folders(entries, NAME) >= 0


def exchange(entries: list[Entry], scene: Scene) -> list[HandedIn | Refusal]:
    """One hand-in for each attempt at the assignment.

    Students write into that folder themselves. So its owner says who, where the folder's name says somebody else it is
    asked; and the file system's own time says when, unless the name's time is just before it.
    """
    depth = max(outer_folders(entries, NAME), 0)
    found: list[HandedIn | Refusal] = []
    for folder, files in by_first(
        (entry for entry in entries if len(entry.parts) > depth + 1), depth
    ).items():
        match = NAME.match(folder)
        if match is None or match["assignment"] != scene.assignment:
            continue  # another assignment's: the exchange holds them side by side
        owners = {entry.owner for entry in files}
        if scene.in_folder and owners != {match["user"]}:
            says = ", ".join(sorted(filter(None, owners))) or "nobody that this machine knows"
            reason = f"the folder says {match['user']!r}, but its files belong to {says}: say whose it is with --map"
            found.append(Refusal(files[0].name, reason))
            continue
        inner = tuple(Entry(each.name, each.parts[depth + 1 :], each.reader, each.when) for each in files)
        given = HandedIn(Who(ids=(match["user"],)), inner)
        changed = [entry.changed for entry in files if entry.changed]
        if scene.in_folder and changed:
            when = max(changed)
            try:
                said = parse_moment(match["when"], scene.zone)
                when = said if timedelta() <= when - said <= COPYING else when
            except ValueError:
                pass
            given = HandedIn(given.who, inner, when)
        found.append(given)
    return found
