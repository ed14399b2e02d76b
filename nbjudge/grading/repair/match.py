"""Which cells of a submitted notebook stand for which released ones: by ids, text, names and place.

docs/repair.md says the rules in plain words; no text of the student's gets into a note.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nbjudge.notebooks.cells import Notebook, cell_id, grade_id, normalise
from nbjudge.notebooks.python_source import defined_names, parse
from nbjudge.notebooks.released_form import ReleasedCell, ReleasedForm
from nbjudge.notes import Note, RepairKind

MAX_PARSED_TOTAL = 2_000_000  # characters of one notebook whose names are looked at
SIMILAR = 0.5  # share of lines that makes a cell without ids an edited copy of a released one
FEW = 3  # cells that are named one by one when their ids are gone
UNSOLVED = "raise NotImplementedError"
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
            self.known = defined_names(self.program) if self.short else frozenset()
        return self.known

    @property
    def program(self) -> str:
        """What there is to run of it: of a text cell the code in it, if it is marked as such."""
        if self.code or not self.short:
            return self.source
        fenced, indented = _marked_code(self.source)
        if fenced.strip() or (indented.strip() and parse(self.source) is None):
            return fenced if fenced.strip() else indented
        return self.source


@dataclass(slots=True)
class Match:
    """Which cells of the student's belong to which released cell."""

    cells: list[StudentCell]
    chosen: dict[str, list[StudentCell]] = field(
        default_factory=dict
    )  # the released cell's id -> the cells that count, in order
    claimed: dict[int, str] = field(
        default_factory=dict
    )  # position -> the released cell's id, copies that lost included
    # Solution without a cell of its own -> the released cell whose cell defines what it should.
    merged: dict[str, ReleasedCell] = field(default_factory=dict)
    ids_lost: bool = False  # no cell has an id of the release
    notes: list[tuple[int, Note]] = field(default_factory=list)  # with the position it is about

    def note(
        self, position: int, kind: RepairKind, **values: str | int | tuple[int, ...] | tuple[str, ...]
    ) -> None:
        """Keeps a note for the TA about the cell at `position`, 0: about the notebook."""
        self.notes.append((position, Note(kind, values)))

    def free(self) -> list[StudentCell]:
        """The cells that no released cell has claimed."""
        return [cell for cell in self.cells if cell.position not in self.claimed]


def find_cells(notebook: Notebook, form: ReleasedForm) -> Match:
    """The cells of a tidied notebook that stand for the released_cells of the release, and what was unusual."""
    match = Match(_student_cells(notebook))
    claims: dict[str, list[StudentCell]] = {}
    _claim_by_ids(match, form, claims)
    _claim_by_source(match, form, claims)
    _claim_similar(match, form, claims)
    for released in form.cells:
        if released.id in claims:
            match.chosen[released.id] = _choose(released, claims[released.id], match)
    _find_by_names(match, form)
    _join_split(match, form)
    _find_merged(match, form)
    return match


def _marked_code(text: str) -> tuple[str, str]:
    """The lines of Markdown between fences, and those that are indented as code, without the prose around them."""
    inside, fenced, indented = False, [], []
    for line in text.split("\n"):
        if line.lstrip().startswith(("```", "~~~")):
            inside = not inside
        elif inside:
            fenced.append(line)
        elif line.startswith(("    ", "\t")):
            indented.append(line.removeprefix("\t").removeprefix("    "))
    return "\n".join(fenced), "\n".join(indented)


def _student_cells(notebook: Notebook) -> list[StudentCell]:
    cells, total = [], 0
    for position, cell in enumerate(notebook["cells"], 1):
        total += len(cell["source"])
        code = cell["cell_type"] == "code"
        cells.append(
            StudentCell(
                position=position,
                code=code,
                source=cell["source"],
                grade_id=grade_id(cell),
                cell_id=cell_id(cell),
                short=total <= MAX_PARSED_TOTAL,
            )
        )
    return cells


def _claim(
    match: Match, released: ReleasedCell, cell: StudentCell, claims: dict[str, list[StudentCell]]
) -> None:
    match.claimed[cell.position] = released.id
    claims.setdefault(released.id, []).append(cell)


def _claim_by_ids(match: Match, form: ReleasedForm, claims: dict[str, list[StudentCell]]) -> None:
    graded = {released.id: released for released in form.cells if released.role != "given"}
    by_cell = {released.cell: released for released in form.cells}
    whole = not any(cell.grade_id in graded for cell in match.cells)
    for cell in match.cells:
        released = graded.get(cell.grade_id or "") or by_cell.get(cell.cell_id or "")
        if released is None:
            continue
        _claim(match, released, cell, claims)
        if not whole and released.role in ("solution", "manual") and cell.grade_id != released.id:
            match.note(cell.position, "metadata_lost", cell=cell.position, id=released.id)
    match.ids_lost = not claims
    if whole and graded and claims:
        match.note(0, "all_metadata_lost")


def _claim_by_source(match: Match, form: ReleasedForm, claims: dict[str, list[StudentCell]]) -> None:
    """Cells without ids that are as released; copies of a released cell beside the original count here too."""
    by_source: dict[str, list[ReleasedCell]] = {}
    for released in form.cells:
        by_source.setdefault(normalise(released.source), []).append(released)
    for cell in match.free():
        released_cells = by_source.get(normalise(cell.source), []) if cell.source.strip() else []
        # Several stubs may read alike: then in order, and what is left over says nothing anyway.
        alike = [released for released in released_cells if released.id not in claims] or released_cells
        alike = [released for released in alike if follows(match, cell, released)] or alike
        if alike and alike[0].code == cell.code:
            _claim(match, alike[0], cell, claims)


def follows(match: Match, cell: StudentCell, released: ReleasedCell) -> bool:
    """Whether the cell stands right after the text that precedes this manual cell in the release."""
    before = match.cells[cell.position - 2] if cell.position > 1 else None
    return before is not None and not released.after.isdisjoint({before.cell_id, normalise(before.source)})


def _claim_similar(match: Match, form: ReleasedForm, claims: dict[str, list[StudentCell]]) -> None:
    """Given and grade cells that lost their ids and were edited: by the share of equal lines."""
    wanted = {
        released.id: released
        for released in form.cells
        if released.role in ("given", "grade") and released.id not in claims
    }
    lines = {name: lines_of(released.source) for name, released in wanted.items()}
    holders: dict[str, list[str]] = {}
    for name, own in lines.items():
        for line in own:
            holders.setdefault(line, []).append(name)
    for cell in match.free():
        own = lines_of(cell.source) if cell.code else set()
        candidates = {name for line in own for name in holders.get(line, ()) if name in wanted}
        shares = {name: len(own & lines[name]) / len(own | lines[name]) for name in sorted(candidates)}
        best = max(shares, key=lambda name: shares[name], default=None)
        if best is not None and shares[best] >= SIMILAR:
            _claim(match, wanted.pop(best), cell, claims)


def lines_of(source: str) -> set[str]:
    """Its lines without the space around them, blank ones left out."""
    return {line.strip() for line in source.split("\n") if line.strip()}


def _choose(released: ReleasedCell, cells: Sequence[StudentCell], match: Match) -> list[StudentCell]:
    """Of several cells that claim a released cell the ones that count: a solution's last changed one, with its other parts."""
    if released.role in ("given", "grade"):
        return [_release_copies(released, cells, match)]
    changed = [cell for cell in cells if not is_stub(released, cell)]
    if UNSOLVED in released.source:  # a copy of the stub may have been touched, too
        changed = [cell for cell in changed if UNSOLVED not in cell.source] or changed
    if released.role == "manual" and changed:  # a person reads them all
        kept = list({normalise(cell.source): cell for cell in changed}.values())
        _note_joined(released, kept, match)
        return kept
    of_type = [cell for cell in changed if cell.code == released.code]
    kept = _parts(of_type or changed) if released.role == "solution" else (of_type or changed)[-1:]
    kept = kept or [cells[-1]]
    _note_choice(released, cells, kept, match)
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


def _release_copies(released: ReleasedCell, cells: Sequence[StudentCell], match: Match) -> StudentCell:
    """The given or grade cell among those that have its ids, as some editors leave them on copies.

    It is the one that is the likest to the release. Other exact copies are left out; what says something else is a
    cell of the student's own.
    """
    wanted, source = lines_of(released.source), normalise(released.source)

    def likeness(cell: StudentCell) -> tuple[bool, float, bool]:
        own = lines_of(cell.source)
        share = len(own & wanted) / (len(own | wanted) or 1)
        return normalise(cell.source) == source, share, cell.cell_id == released.cell

    best = max(cells, key=likeness) if len(cells) > 1 else cells[0]
    given = released.role == "given"
    if normalise(best.source) != source or not best.code:
        match.note(best.position, "given_edited" if given else "test_edited", cell=best.position)
    for cell in cells:
        if cell is not best and (normalise(cell.source) == source or not cell.code):
            kind: RepairKind = "given_repeated" if given else "test_repeated"
            match.note(cell.position, kind, cell=cell.position, id=released.id)
        elif cell is not best:
            del match.claimed[cell.position]
            match.note(cell.position, "copy_is_own", cell=cell.position, id=released.id)
    return best


def _note_choice(
    released: ReleasedCell, cells: Sequence[StudentCell], kept: Sequence[StudentCell], match: Match
) -> None:
    last = kept[-1]
    if len(cells) > 1:
        dropped = tuple(cell.position for cell in cells if cell not in kept)
        if dropped:
            kind: RepairKind = "copies_alike" if is_stub(released, last) else "copies_changed"
            match.note(last.position, kind, id=released.id, cell=last.position, left_out=dropped)
        _note_joined(released, kept, match)
    if released.role == "solution" and not last.code:
        match.note(last.position, "code_in_text", cell=last.position, id=released.id)


def _note_joined(released: ReleasedCell, kept: Sequence[StudentCell], match: Match) -> None:
    if len(kept) > 1:
        positions = tuple(cell.position for cell in kept)
        match.note(kept[0].position, "parts_joined", cells=positions, id=released.id)


def _find_by_names(match: Match, form: ReleasedForm) -> None:
    """Solutions that no id leads to, or whose cell is still the stub: by the names that they define."""
    wanted = {
        released.id: released
        for released in form.cells
        if released.role == "solution"
        and released.names
        and all(is_stub(released, cell) for cell in match.chosen.get(released.id, ()))
    }
    by_name = {name: released for released in wanted.values() for name in released.names}
    found: dict[str, list[StudentCell]] = {}
    for cell in match.free() if by_name else ():
        if not cell.code and not _is_python(cell, by_name):
            continue
        for name in sorted({by_name[name].id for name in cell.names if name in by_name}):
            found.setdefault(name, []).append(cell)
    for name, cells in found.items():
        _accept_found(wanted[name], cells, match)


def _is_python(cell: StudentCell, by_name: Mapping[str, ReleasedCell]) -> bool:
    words = set(WORD.findall(cell.source)) if cell.short else set()
    return not words.isdisjoint(by_name) and parse(cell.program) is not None


def _accept_found(released: ReleasedCell, cells: Sequence[StudentCell], match: Match) -> None:
    kept = _parts([cell for cell in cells if cell.code] or cells)
    for cell in cells:
        match.claimed[cell.position] = released.id
    match.chosen[released.id] = kept
    last = kept[-1]
    names = tuple(sorted(released.names & last.names))
    match.note(last.position, "found_by_names", cell=last.position, id=released.id, names=names)
    _note_joined(released, kept, match)


def _join_split(match: Match, form: ReleasedForm) -> None:
    """A changed solution that lacks a name which the free cells right beside it define: a split cell."""
    for released in form.cells:
        own = match.chosen.get(released.id, [])
        if released.role != "solution" or not own or is_stub(released, own[-1]):
            continue
        lacking = released.names.difference(*(cell.names for cell in own))
        beside = _beside(match, own, lacking) if lacking else []
        if beside:
            for cell in beside:
                match.claimed[cell.position] = released.id
            match.chosen[released.id] = sorted([*own, *beside], key=lambda cell: cell.position)
            _note_joined(released, match.chosen[released.id], match)


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


def _find_merged(match: Match, form: ReleasedForm) -> None:
    """Solutions without an answer of their own that another released cell defines: merged, or written where it was."""
    wanted = [
        released
        for released in form.cells
        if released.role == "solution"
        and released.names
        and all(is_stub(released, cell) for cell in match.chosen.get(released.id, ()))
    ]
    lacking = {released.id for released in wanted}
    holders = [
        released
        for released in form.cells
        if released.role in ("solution", "given", "grade") and released.id not in lacking
    ]
    for released in wanted:
        lost = released.id not in match.chosen
        for holder in holders:
            cells = [cell for cell in match.chosen.get(holder.id, ()) if cell.names & released.names]
            names = frozenset().union(*(cell.names for cell in cells))
            # A name that an answer shares by chance with an exercise that was left alone does not answer that.
            if names and (lost or names >= released.names) and _runs(holder, cells[0]):
                match.chosen[released.id] = cells
                match.merged[released.id] = holder
                match.note(cells[0].position, "answers_merged", cell=cells[0].position, id=released.id)
                break


def _runs(holder: ReleasedCell, cell: StudentCell) -> bool:
    """Whether what the cell defines beside the released code is run."""
    if holder.role == "solution":
        return not holder.skip
    return cell.code and not is_stub(holder, cell) and parse(cell.source) is not None


def is_stub(released: ReleasedCell, cell: StudentCell) -> bool:
    """Whether the cell is as released."""
    return normalise(released.source) in (normalise(cell.source), normalise(cell.program))
