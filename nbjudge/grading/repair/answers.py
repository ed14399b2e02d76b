"""Where the answer to an exercise that a person grades may stand, beside its own cell: in doubt a person sees it.

docs/repair.md says the rules in plain words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from nbjudge.grading.repair.match import SIMILAR, Match, StudentCell, is_stub, lines_of
from nbjudge.notebooks.cells import normalise
from nbjudge.notebooks.released_form import ReleasedCell, ReleasedForm


def find_answers(match: Match, form: ReleasedForm) -> None:
    """Gives each exercise that a person grades every cell where its answer may stand, in the file's order.

    These are its own cells, what the student added from the text above it to the next released cell, and that text
    itself if it was edited. Nothing changes for an exercise with none of them: it is missing, or still the stub.
    """
    texts = _Texts(match, form)
    if not match.chosen and not texts.of:
        return  # another notebook
    found: dict[str, list[StudentCell]] = {}
    taken: set[int] = set()
    manual = [released for released in form.cells if released.role == "manual"]
    # What stands in the place of a lost cell belongs there, and not to the exercise before it.
    for lost in (True, False):
        for released in manual:
            if (released.id not in match.chosen) == lost:
                cells = _around(match, form, released, texts)
                found[released.id] = [cell for cell in cells if lost or cell.position not in taken]
        taken |= {
            cell.position for cells in found.values() for cell in cells if cell.position not in texts.of
        }
    for released in manual:
        beside = found[released.id] or _merged(match, released, texts)
        _accept(match, released, beside, texts)


class _Texts:
    """Which of the student's text cells is a released text, edited or not."""

    def __init__(self, match: Match, form: ReleasedForm) -> None:
        self.known: frozenset[str] = frozenset().union(*form.texts.values())
        self.of = dict(self._find(match.free()))  # position -> the text, or its id
        self.first = {text: position for position, text in reversed(self.of.items())}

    def _find(self, cells: Iterable[StudentCell]) -> Iterator[tuple[int, str]]:
        unsure = []
        for cell in cells:
            source = normalise(cell.source)
            if source in self.known and source:
                yield cell.position, source
            elif cell.cell_id in self.known:
                yield cell.position, str(cell.cell_id)
            elif source and not cell.code and cell.short:
                unsure.append(cell)
        lines = {text: lines_of(text) for text in self.known} if unsure else {}
        holders: dict[str, list[str]] = {}
        for text, own in lines.items():
            for line in own:
                holders.setdefault(line, []).append(text)
        for cell in unsure:
            own = lines_of(cell.source)
            candidates = sorted({text for line in own for text in holders.get(line, ())})
            shares = {text: len(own & lines[text]) / len(lines[text]) for text in candidates}
            best = max(shares, key=lambda text: shares[text], default="")
            if best and shares[best] >= SIMILAR:
                yield cell.position, best

    def is_edited(self, cell: StudentCell) -> bool:
        """Whether a released text says something else than it did."""
        return cell.position in self.of and normalise(cell.source) not in self.known


def _around(match: Match, form: ReleasedForm, released: ReleasedCell, texts: _Texts) -> list[StudentCell]:
    """The cells around the exercise's place that are the student's, edited texts among them."""
    around: dict[int, StudentCell] = {}
    manual = [other.after for other in form.cells if other.role == "manual" and other.id != released.id]
    others = frozenset().union(*manual) - released.after  # their questions
    for start in _places(match, form, released, texts):
        for cell in (*_above(match, released, start, texts), *_below(match, released, start, texts)):
            text = texts.of.get(cell.position)
            wrote = cell.source.strip() if text is None else texts.is_edited(cell) and text not in others
            if wrote and not is_stub(released, cell):
                around[cell.position] = cell
    return [around[position] for position in sorted(around)]


def _places(match: Match, form: ReleasedForm, released: ReleasedCell, texts: _Texts) -> list[int]:
    """Positions from which to look up and down: of its own cells and of the text above it, else of what precedes it."""
    own = [position for position, name in match.claimed.items() if name == released.id]
    asked = [position for position, text in texts.of.items() if text in released.after]
    if own or asked:
        return [*own, *asked]
    before = form.cells[: form.cells.index(released)]
    positions = [cell.position for other in before for cell in match.chosen.get(other.id, ())]
    return [max(positions, default=0)]


def _below(match: Match, released: ReleasedCell, start: int, texts: _Texts) -> Iterator[StudentCell]:
    for cell in match.cells[start:]:
        text = texts.of.get(cell.position, "")
        other = text not in {"", *released.after} and texts.first[text] == cell.position  # and no copy
        if cell.position in match.claimed or other:
            return
        yield cell


def _above(match: Match, released: ReleasedCell, start: int, texts: _Texts) -> list[StudentCell]:
    """The cell itself if it is the text, and those above, from the first text after the cell that is released before."""
    cells: list[StudentCell] = []
    for cell in reversed(match.cells[:start]):
        own = cell.position == start and match.claimed.get(start) == released.id
        if cell.position in match.claimed and not own:
            break
        if not own:
            cells.insert(0, cell)
    first = next((n for n, cell in enumerate(cells) if cell.position in texts.of), 0)
    return cells[first:]


def _merged(match: Match, released: ReleasedCell, texts: _Texts) -> list[StudentCell]:
    """For a lost cell whose question stands nowhere by itself: the answer that the question was merged into."""
    if released.id in match.chosen or any(text in released.after for text in texts.of.values()):
        return []
    questions = [lines for text in sorted(released.after & texts.known) if (lines := lines_of(text))]
    return [
        cell
        for cell in match.cells
        if not cell.code
        and cell.short
        and (cell.position not in texts.of or texts.is_edited(cell))
        and any(len(lines & lines_of(cell.source)) >= SIMILAR * len(lines) for lines in questions)
    ]


def _accept(match: Match, released: ReleasedCell, beside: Sequence[StudentCell], texts: _Texts) -> None:
    lost = released.id not in match.chosen
    own = [cell for cell in match.chosen.get(released.id, ()) if not is_stub(released, cell)]
    if not beside:
        return
    cells = {cell.position: cell for cell in (*own, *beside)}
    match.chosen[released.id] = [cells[position] for position in sorted(cells)]
    if own:
        return
    added = [cell for cell in beside if cell.position not in texts.of]
    alone = next((cell for cell in added if cell.code == released.code), None)
    if lost and alone is not None and alone.position not in match.claimed:
        match.claimed[alone.position] = released.id  # as the released cell, it is not run
    if lost and len(beside) == 1 and alone is not None:
        match.note(alone.position, "found_by_place", cell=alone.position, id=released.id)
    elif added:
        positions = tuple(cell.position for cell in added)
        match.note(positions[0], "answer_beside", cells=positions, id=released.id, n=len(positions))
    for cell in beside:
        if texts.is_edited(cell):
            match.note(cell.position, "answer_in_question", cell=cell.position, id=released.id)
