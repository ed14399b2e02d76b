"""autograders/<assignment>/equivalent_mutants.toml: mutants that are not mistakes, each with a reason.

    [[mutant]]
    id = "3f2a90c41b7e"                  # from the report; or the cell and the changed line:
    cell = "gradient-descent_fit"
    after = "loss = ((y - (X @ w + b)) ** 2).mean()"
    reason = "the square of the difference has no sign"

Where `id` is given, it alone counts. Spaces and trailing comments of `after` don't matter.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from nbjudge.authoring.check.mutants.make import Mutant
from nbjudge.errors import CourseError

FILE = "equivalent_mutants.toml"
KEYS = {"id", "cell", "after", "reason"}
COMMENT = re.compile(r"\s+#[^\n]*")


@dataclass(frozen=True, slots=True)
class Equivalent:
    """One entry of the file."""

    id: str
    cell: str
    after: str
    reason: str

    def fits(self, mutant: Mutant) -> bool:
        """Whether this entry means the mutant."""
        if self.id:
            return self.id == mutant.id
        return self.cell == mutant.cell and _plain(self.after) == _plain(mutant.after)


def read_equivalents(folder: Path) -> tuple[Equivalent, ...]:
    """The entries of an autograder's folder, () if it has no such file; CourseError names the entry that is wrong."""
    path = folder / FILE
    if not path.is_file():
        return ()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}: {error}") from None
    entries = document.get("mutant", [])
    if set(document) - {"mutant"} or not isinstance(entries, list):
        raise CourseError(f"{path}: write one [[mutant]] table for each mutant")
    return tuple(_entry(entry, f"{path}: mutant {i}") for i, entry in enumerate(entries, 1))


def _entry(entry: object, where: str) -> Equivalent:
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise CourseError(f"{where}: every value is a text in quotes")
    if unknown := entry.keys() - KEYS:
        raise CourseError(f"{where}: no key {sorted(unknown)[0]!r}; there is: {', '.join(sorted(KEYS))}")
    if not entry.get("reason", "").strip():
        raise CourseError(f"{where}: say in `reason` why it is not a mistake")
    if not entry.get("id") and not (entry.get("cell") and "after" in entry):
        raise CourseError(f"{where}: name the mutant by `id`, or by `cell` and `after`")
    return Equivalent(entry.get("id", ""), entry.get("cell", ""), entry.get("after", ""), entry["reason"])


def _plain(text: str) -> str:
    return " ".join(COMMENT.sub("", text).split())
