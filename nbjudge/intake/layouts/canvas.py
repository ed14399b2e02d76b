"""Canvas's "Download Submissions": flat names, made by lib/content_zipper.rb."""

from __future__ import annotations

import re

from nbjudge.intake.archive import Entry
from nbjudge.intake.layouts.handed_in import HandedIn, Refusal, Scene, Who, outer_folders

# <sortable name, squeezed>[_LATE]_<user>_<file>_<name>; text entries and links have no number of a file
NAME = re.compile(
    r"(?:(?P<name>[^_]\w*?)_)?(?:(?P<late>LATE|late)_)?(?:anon_(?P<anon>\w{5,})|(?P<user>\d+))"
    r"_(?:(?P<number>\d+)_(?P<file>.+)|(?P<text>text|link)\.html)$",
    re.DOTALL,
)


def is_canvas(entries: list[Entry], scene: Scene) -> bool:
    """Whether every name at one level is as Canvas makes them."""
    depth = outer_folders(entries, NAME)
    return depth >= 0 and all(
        len(entry.parts) > depth and NAME.match(entry.parts[depth]) for entry in entries
    )


def canvas(entries: list[Entry], scene: Scene) -> list[HandedIn | Refusal]:
    """One hand-in for each user, with Canvas's mark of lateness.

    The user's number is the same in the whole of Canvas. Times are not taken from entries, which Canvas dates with the
    moment of packing.
    """
    depth = max(outer_folders(entries, NAME), 0)
    found: dict[str, list[tuple[re.Match[str], Entry]]] = {}
    refused: list[HandedIn | Refusal] = []
    for entry in entries:
        match = NAME.match(entry.parts[depth]) if len(entry.parts) > depth else None
        if match is None:
            refused.append(
                Refusal(entry.name, "not named as Canvas names submissions: say whose it is with --map")
            )
        elif match["file"]:
            inner = (match["file"], *entry.parts[depth + 1 :])
            handed_in = Entry(entry.name, inner, entry.reader, entry.when)
            found.setdefault(match["user"] or match["anon"], []).append((match, handed_in))
    given = [
        HandedIn(
            Who(
                ids=(user,), names=tuple(dict.fromkeys(match["name"] for match, _ in files if match["name"]))
            ),
            tuple(entry for _, entry in files),
            late=any(match["late"] for match, _ in files),
        )
        for user, files in found.items()
    ]
    return [*given, *refused]
