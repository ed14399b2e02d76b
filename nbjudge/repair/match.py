"""Which cells of a submitted notebook stand for which released ones: by ids, text, names and place.

docs/repair.md says the rules in plain words; no text of the student's gets into a note.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nbjudge.names import defined_names, parse, unfenced
from nbjudge.notebook import Notebook, cell_id, grade_id, normalise
from nbjudge.template import Slot, Template

MAX_PARSED_TOTAL = 2_000_000  # characters of one notebook whose names are looked at
SIMILAR = 0.5  # share of lines that makes a cell without ids an edited copy of a released one
WORD = re.compile(r"\w+")


@dataclass(slots=True)
class StudentCell:
    """One cell of the student's."""

    position: int  # 1-based
    code: bool
    source: str
    grade_id: str | None
    cell_id: str | None
    short: bool  # within MAX_PARSED_TOTAL
    known: frozenset[str] | None = None

    @property
    def names(self) -> frozenset[str]:
        """What it defines at the top level."""
        if self.known is None:
            self.known = defined_names(self.source) if self.short else frozenset()
        return self.known


@dataclass(slots=True)
class Match:
    """Which cells of the student's belong to which slot."""

    cells: list[StudentCell]
    chosen: dict[str, list[StudentCell]] = field(
        default_factory=dict
    )  # slot id -> the cells that count, in order
    claimed: dict[int, str] = field(default_factory=dict)  # position -> slot id, copies that lost included
    notes: list[tuple[int, str]] = field(default_factory=list)  # position, sentence

    def note(self, position: int, sentence: str) -> None:
        """Keeps a sentence for the TA about the cell at `position`, 0: about the notebook."""
        self.notes.append((position, sentence))

    def free(self) -> list[StudentCell]:
        """The cells that no slot has claimed."""
        return [cell for cell in self.cells if cell.position not in self.claimed]


def find_cells(notebook: Notebook, template: Template) -> Match:
    """The cells of a tidied notebook that stand for the slots of the release, and notes on what was unusual."""
    match = Match(_student_cells(notebook))
    claims: dict[str, list[StudentCell]] = {}
    _claim_by_ids(match, template, claims)
    _claim_by_source(match, template, claims)
    _claim_similar(match, template, claims)
    for slot in template.slots:
        if slot.id in claims:
            match.chosen[slot.id] = _choose(slot, claims[slot.id], match)
    _find_by_names(match, template)
    _join_split(match, template)
    _find_by_place(match, template)
    return match


def _student_cells(notebook: Notebook) -> list[StudentCell]:
    cells, total = [], 0
    for position, cell in enumerate(notebook["cells"], 1):
        total += len(cell["source"])
        code = cell["cell_type"] == "code"
        cells.append(
            StudentCell(
                position=position,
                code=code,
                source=cell["source"] if code else unfenced(cell["source"]),
                grade_id=grade_id(cell),
                cell_id=cell_id(cell),
                short=total <= MAX_PARSED_TOTAL,
            )
        )
    return cells


def _claim(match: Match, slot: Slot, cell: StudentCell, claims: dict[str, list[StudentCell]]) -> None:
    match.claimed[cell.position] = slot.id
    claims.setdefault(slot.id, []).append(cell)


def _claim_by_ids(match: Match, template: Template, claims: dict[str, list[StudentCell]]) -> None:
    graded = {slot.id: slot for slot in template.slots if slot.role != "given"}
    by_cell = {slot.cell: slot for slot in template.slots}
    whole = not any(cell.grade_id in graded for cell in match.cells)
    for cell in match.cells:
        slot = graded.get(cell.grade_id or "") or by_cell.get(cell.cell_id or "")
        if slot is None:
            continue
        _claim(match, slot, cell, claims)
        if not whole and slot.role in ("solution", "manual") and cell.grade_id != slot.id:
            match.note(
                cell.position,
                f"Cell {cell.position} had lost its nbgrader metadata; its cell id says {slot.id!r}.",
            )
    if whole and graded and claims:
        match.note(
            0, "The nbgrader metadata is gone (Colab and Kaggle drop it); cells were recognised by their ids."
        )


def _claim_by_source(match: Match, template: Template, claims: dict[str, list[StudentCell]]) -> None:
    """Cells without ids that are as released; copies of a released cell beside the original count here too."""
    by_source: dict[str, list[Slot]] = {}
    for slot in template.slots:
        by_source.setdefault(normalise(slot.source), []).append(slot)
    for cell in match.free():
        slots = by_source.get(normalise(cell.source), []) if cell.source.strip() else []
        # Several stubs may read alike: then in order, and what is left over says nothing anyway.
        alike = [slot for slot in slots if slot.id not in claims] or slots
        if alike and alike[0].code == cell.code:
            _claim(match, alike[0], cell, claims)


def _claim_similar(match: Match, template: Template, claims: dict[str, list[StudentCell]]) -> None:
    """Given and grade cells that lost their ids and were edited: by the share of equal lines."""
    wanted = {
        slot.id: slot for slot in template.slots if slot.role in ("given", "grade") and slot.id not in claims
    }
    lines = {name: _lines(slot.source) for name, slot in wanted.items()}
    holders: dict[str, list[str]] = {}
    for name, own in lines.items():
        for line in own:
            holders.setdefault(line, []).append(name)
    for cell in match.free():
        own = _lines(cell.source) if cell.code else set()
        candidates = {name for line in own for name in holders.get(line, ()) if name in wanted}
        shares = {name: len(own & lines[name]) / len(own | lines[name]) for name in sorted(candidates)}
        best = max(shares, key=lambda name: shares[name], default=None)
        if best is not None and shares[best] >= SIMILAR:
            _claim(match, wanted.pop(best), cell, claims)


def _lines(source: str) -> set[str]:
    return {line.strip() for line in source.split("\n") if line.strip()}


def _choose(slot: Slot, cells: Sequence[StudentCell], match: Match) -> list[StudentCell]:
    """Of several cells that claim a slot the ones that count: a solution's last changed one, with its other parts."""
    if slot.role in ("given", "grade"):
        _note_released(slot, cells, match)
        return [cells[0]]
    changed = [cell for cell in cells if not is_stub(slot, cell)]
    of_type = [cell for cell in changed if cell.code == slot.code]
    kept = _parts(of_type or changed) if slot.role == "solution" else (of_type or changed)[-1:]
    kept = kept or [cells[-1]]
    _note_choice(slot, cells, kept, match)
    return kept


def _parts(cells: Sequence[StudentCell]) -> list[StudentCell]:
    """The last cell, and every earlier one that defines nothing which a later one defines: a split, not a copy."""
    kept: list[StudentCell] = []
    names: frozenset[str] = frozenset()
    sources: set[str] = set()
    for cell in reversed(cells):
        source = normalise(cell.source)
        if source not in sources and not (names & cell.names):
            kept.insert(0, cell)
            names, sources = names | cell.names, sources | {source}
    return kept


def _note_released(slot: Slot, cells: Sequence[StudentCell], match: Match) -> None:
    kind = "given" if slot.role == "given" else "test"
    if normalise(cells[0].source) != normalise(slot.source) or not cells[0].code:
        match.note(
            cells[0].position, f"Cell {cells[0].position} ({kind}) was edited; the course's version counts."
        )
    for cell in cells[1:]:
        match.note(
            cell.position, f"Cell {cell.position} repeats the {kind} cell {slot.id!r}; it was left out."
        )


def _note_choice(slot: Slot, cells: Sequence[StudentCell], kept: Sequence[StudentCell], match: Match) -> None:
    if len(cells) > 1:
        dropped = ", ".join(str(cell.position) for cell in cells if cell not in kept)
        if dropped:
            which = "the last changed one" if not is_stub(slot, kept[-1]) else "the last one"
            match.note(
                kept[-1].position,
                f"Several cells claim to be {slot.id!r}: {which}, cell {kept[-1].position}, counts; left out: {dropped}.",
            )
        _note_joined(slot, kept, match)
    if slot.code and not kept[-1].code:
        match.note(
            kept[-1].position,
            f"Cell {kept[-1].position} is no longer a code cell; its text was taken as the code of {slot.id!r}.",
        )


def _note_joined(slot: Slot, kept: Sequence[StudentCell], match: Match) -> None:
    if len(kept) > 1:
        positions = ", ".join(str(cell.position) for cell in kept)
        match.note(kept[0].position, f"Cells {positions} are parts of {slot.id!r}; they were joined.")


def _find_by_names(match: Match, template: Template) -> None:
    """Solutions that no id leads to, or whose cell is still the stub: by the names that they define."""
    wanted = {
        slot.id: slot
        for slot in template.slots
        if slot.role == "solution"
        and slot.names
        and all(is_stub(slot, cell) for cell in match.chosen.get(slot.id, ()))
    }
    by_name = {name: slot for slot in wanted.values() for name in slot.names}
    found: dict[str, list[StudentCell]] = {}
    for cell in match.free() if by_name else ():
        if not cell.code and not _is_python(cell, by_name):
            continue
        for name in sorted({by_name[name].id for name in cell.names if name in by_name}):
            found.setdefault(name, []).append(cell)
    for name, cells in found.items():
        _accept_found(wanted[name], cells, match)


def _is_python(cell: StudentCell, by_name: Mapping[str, Slot]) -> bool:
    words = set(WORD.findall(cell.source)) if cell.short else set()
    return not words.isdisjoint(by_name) and parse(cell.source) is not None


def _accept_found(slot: Slot, cells: Sequence[StudentCell], match: Match) -> None:
    kept = _parts([cell for cell in cells if cell.code] or cells)
    for cell in cells:
        match.claimed[cell.position] = slot.id
    match.chosen[slot.id] = kept
    names = ", ".join(sorted(slot.names.intersection(*[kept[-1].names]))) or "its names"
    match.note(
        kept[-1].position, f"Cell {kept[-1].position} was taken as {slot.id!r}, because it defines {names}."
    )
    _note_joined(slot, kept, match)


def _join_split(match: Match, template: Template) -> None:
    """A changed solution that lacks a name which the free cells right beside it define: a split cell."""
    for slot in template.slots:
        own = match.chosen.get(slot.id, [])
        if slot.role != "solution" or not own or is_stub(slot, own[-1]):
            continue
        lacking = slot.names.difference(*(cell.names for cell in own))
        beside = _beside(match, own, lacking) if lacking else []
        if beside:
            for cell in beside:
                match.claimed[cell.position] = slot.id
            match.chosen[slot.id] = sorted([*own, *beside], key=lambda cell: cell.position)
            _note_joined(slot, match.chosen[slot.id], match)


def _beside(match: Match, own: Sequence[StudentCell], lacking: frozenset[str]) -> list[StudentCell]:
    """The free code cells between a solution and the one beside it that defines what it lacks; after it, else before."""
    for step in (1, -1):
        gap: list[StudentCell] = []
        index = (own[-1] if step == 1 else own[0]).position - 1 + step
        while 0 <= index < len(match.cells) and match.cells[index].position not in match.claimed:
            if match.cells[index].code:
                gap.append(match.cells[index])
            index += step
        last = max((number for number, cell in enumerate(gap) if cell.names & lacking), default=-1)
        if last >= 0:
            return gap[: last + 1]
    return []


def _find_by_place(match: Match, template: Template) -> None:
    """Manual cells without ids: the free cell that follows the text which asks for them."""
    texts: frozenset[str] = frozenset().union(*template.texts.values())
    for slot in template.slots:
        if slot.role != "manual" or slot.id in match.chosen:
            continue
        for before, cell in itertools.pairwise(match.cells):
            free = cell.position not in match.claimed and cell.cell_id not in texts
            fits = free and cell.code == slot.code and normalise(cell.source) not in texts | {""}
            if fits and (before.cell_id in slot.after or normalise(before.source) in slot.after):
                match.claimed[cell.position] = slot.id
                match.chosen[slot.id] = [cell]
                match.note(
                    cell.position, f"Cell {cell.position} was taken as {slot.id!r}, because of its place."
                )
                break


def is_stub(slot: Slot, cell: StudentCell) -> bool:
    """Whether the cell is as released."""
    return normalise(cell.source) == normalise(slot.source)
