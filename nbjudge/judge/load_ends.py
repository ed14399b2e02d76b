"""What of a notebook's cells did not run, why, and which names are missing because of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from nbjudge.judge.faults import NAME, one_line
from nbjudge.model import Frame, Program, Status
from nbjudge.notebooks.python_source import parse
from nbjudge.notebooks.statements import first_line, names_of
from nbjudge.notes import Note

LISTED = 50  # failures, and statements that were left out, that a cell's reply may name
TOLD = 10  # of the failures and of the lines left out, what a report names
ERROR = 300  # characters of an exception in a note
RELOADS = 5  # statements of one cell that may take a process along
NAME_ERROR = re.compile(r"NameError: name '(\w+)' is not defined")


@dataclass(frozen=True, slots=True)
class Failure:
    """One statement that did not end as it should; the process of the student says so."""

    line: int
    status: Status
    message: str | Note
    trace: tuple[Frame, ...]
    slow: bool  # cut off by the clock


class LoadEnds:
    """How the statements of one submission's cells ended, over all the processes that ran them."""

    def __init__(self, program: Program, unneeded: Mapping[int, Sequence[int]]) -> None:
        self.program = program
        self.harmful: set[int] = (
            set()
        )  # cells that hung or killed the process, nobody knows where: not run again
        self.broken: dict[int, set[int]] = {}  # cell -> lines of statements that did: not run again
        self.reasons: dict[int, dict[int, Note]] = {  # cell -> line -> why it left nothing behind
            cell: dict.fromkeys(lines, Note("because_unneeded")) for cell, lines in unneeded.items()
        }

    def blame(self, cell: int, line: int, message: str | Note) -> None:
        """Notes that a process ended or hung in that cell, at the line that it had marked.

        The mark may be forged: then a statement of the forger's own is left out.
        """
        broken = self.broken.setdefault(cell, set())
        lines = self.program.cells[cell].source.count("\n") + 1
        if not 0 < line <= lines or line in broken or len(broken) >= RELOADS:
            self.harmful.add(cell)
            return
        broken.add(line)
        self._reason(cell, line, _because(message))

    def note(self, cell: int, failures: Sequence[Failure], left_out: Sequence[tuple[int, int]]) -> None:
        """Notes how a cell ended by itself."""
        for failure in failures:
            self._reason(cell, failure.line, _because(failure.message))
            if failure.slow:
                self.broken.setdefault(cell, set()).add(failure.line)
        for line, cause in left_out:
            self._reason(cell, line, Note("because_after", {"line": cause}))

    def notes(
        self, cell: int, failures: Sequence[Failure], left_out: Sequence[tuple[int, int]], *, reloaded: bool
    ) -> tuple[Note, ...]:
        """What a report says besides its first failure, which of a reloaded cell is told already."""
        told = []
        for failure in failures[0 if reloaded else 1 :][:TOLD]:
            told.append(Note("line_failed", {"line": failure.line, "error": _error(failure.message)}))
        for cause, group in groupby(left_out, key=lambda pair: pair[1]):
            lines = tuple(line for line, _ in group)[:TOLD]
            told.append(Note("lines_left_out", {"lines": lines, "line": cause}))
        return tuple(told[: 2 * TOLD])

    def explained(self, message: str | Note) -> str | Note:
        """The message of a fault, with the reason if it is that a name is missing whose statement did not run."""
        if isinstance(message, Note):
            name = message.values.get("name") if message.kind == "name_missing" else None
        else:
            found = NAME_ERROR.match(message)
            name = found[1] if found else None
        try:
            why = self._why(name) if isinstance(name, str) else None
        except RecursionError:  # a statement nested too deep
            why = None
        if why is None:
            return message
        told = message if isinstance(message, Note) else one_line(message, ERROR)
        return Note("missing_because", {"error": told, "why": why})

    def _why(self, name: str) -> Note | None:
        """Where the notebook would have bound the name, and why it did not."""
        for position in reversed(self.reasons):
            cell = self.program.cells[position]
            tree = parse(cell.source)
            for node in reversed(tree.body if tree else []):
                reason = self.reasons[position].get(first_line(node))
                if reason is not None and name in names_of(node).bound:
                    where = cell.index if cell.index is not None else cell.id
                    values = {"cell": where, "line": first_line(node), "name": one_line(name, NAME)}
                    return Note("would_be_bound", {**values, "reason": reason})
        return None

    def _reason(self, cell: int, line: int, reason: Note) -> None:
        self.reasons.setdefault(cell, {}).setdefault(line, reason)


def _because(message: str | Note) -> Note:
    return Note("because_failed", {"error": _error(message)})


def _error(message: str | Note) -> str | Note:
    return message if isinstance(message, Note) else one_line(message, ERROR)
