"""Submitted notebook -> Program: what there is to run, and a note for each thing that was mended.

Nothing here runs or evaluates the student's code, and none of the student's text gets into a note.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from nbjudge.grading.repair.answers import find_answers
from nbjudge.grading.repair.match import FEW, Match, StudentCell, find_cells, is_stub
from nbjudge.model import Cell, Language, Program
from nbjudge.notebooks.cells import Notebook, cell_id, exercise_of, normalise
from nbjudge.notebooks.python_source import additions, lines_binding
from nbjudge.notebooks.reader import NOTES, NotANotebook, read_notebook, tidy
from nbjudge.notebooks.released_form import ReleasedCell, ReleasedForm
from nbjudge.notes import Note, RepairKind

MAX_REPAIRS = 100
GATHERED: dict[RepairKind, RepairKind] = {
    "metadata_lost": "much_metadata_lost",
    "found_by_names": "many_found_by_names",
}
MAX_PROSE = 100_000  # characters of one notebook's prose that are looked at to guess its language


def repair(submitted: Notebook, form: ReleasedForm) -> Program:
    """The program that a submitted notebook amounts to. Never raises: what can't be found is missing."""
    try:
        notebook = tidy(submitted)
    except NotANotebook as error:
        return rejected_program(error.note, next(iter(form.texts)))
    match = find_cells(notebook, form)
    unusual = submitted.get(NOTES)
    match.notes += [
        (0, note) for note in (unusual if isinstance(unusual, list) else ()) if isinstance(note, Note)
    ]
    solutions = [released for released in form.cells if released.role in ("solution", "manual")]
    claimed = _claimed_assignment(notebook)
    if claimed in form.others and not _is_this_one(match, form):
        return rejected_program(
            Note("another_assignment", {"assignment": claimed}), _language(notebook, form)
        )
    find_answers(match, form)
    missing = tuple(released.id for released in solutions if released.id not in match.chosen)
    _note_whole(match, notebook, form, len(missing) == len(solutions))
    cells = tuple(_program_cells(match, form))
    merged = {name: _program_id(match, holder) for name, holder in match.merged.items()}
    return Program(
        language=_language(notebook, form),
        cells=cells,
        missing=missing,
        unchanged=tuple(
            released.id for released in solutions if _is_unchanged(released, match.chosen.get(released.id))
        ),
        repairs=_in_order(_gathered(match)),
        merged=merged,
        parts=_parts_of_merged(form, cells, merged),
        found={name: tuple(cell.position for cell in cells) for name, cells in match.chosen.items()},
    )


def read_program(data: bytes, form: ReleasedForm, language: Language) -> Program:
    """The program of a submitted file; `language` is that of a file that is not a notebook."""
    try:
        return repair(read_notebook(data), form)
    except NotANotebook as error:
        return rejected_program(error.note, language)


def rejected_program(reason: Note, language: Language) -> Program:
    """The program of a file that is not a notebook."""
    return Program(language=language, cells=(), missing=(), unchanged=(), repairs=(), rejected=reason)


def _program_cells(match: Match, form: ReleasedForm) -> Iterable[Cell]:
    """The cells to run in the release's order; what the student added follows the released cell that precedes it."""
    added = _added_after(match)
    yield from added.get("", ())
    for released in form.cells:
        chosen = match.chosen.get(released.id, [])
        if released.role == "given":
            yield from _given(released, chosen, match)
        elif released.role == "solution" and chosen and not released.skip and released.id not in match.merged:
            source = "\n\n".join(cell.program for cell in chosen)
            yield Cell(released.id, "solution", source, exercise_of(released.id), chosen[0].position)
        elif released.role == "grade" and chosen:
            yield from _additions(released, chosen[0], match, "test_additions_kept")
        yield from added.get(released.id, ())


def _given(released: ReleasedCell, chosen: Sequence[StudentCell], match: Match) -> Iterable[Cell]:
    if not chosen and not released.skip:
        match.note(0, "given_restored", id=released.id)
    if not released.skip:
        yield Cell(released.id, "given", released.source, None, chosen[0].position if chosen else None)
    if chosen:
        yield from _additions(released, chosen[0], match, "given_additions_kept")


def _additions(released: ReleasedCell, cell: StudentCell, match: Match, kind: RepairKind) -> Iterable[Cell]:
    """What the student added to a given or test cell, as a cell of the student's own."""
    if cell.code and cell.short and not is_stub(released, cell):
        calls = released.role == "given" and not released.skip
        extra = additions(cell.source, released.source, calls=calls)
        if extra:
            match.note(cell.position, kind, cell=cell.position)
            yield Cell(f"added-{cell.position}", "added", extra, None, cell.position)


def _program_id(match: Match, holder: ReleasedCell) -> str:
    """The id that the released cell's cell has in the program."""
    return holder.id if holder.role == "solution" else f"added-{match.chosen[holder.id][0].position}"


def _parts_of_merged(form: ReleasedForm, cells: Sequence[Cell], merged: Mapping[str, str]) -> dict[str, str]:
    """Each solution in a merged cell with its own lines: those that bind its names; the cell's own also has the rest."""
    names = {released.id: released.names for released in form.cells if released.role == "solution"}
    sources = {cell.id: cell.source for cell in cells}
    parts: dict[str, str] = {}
    for name, holder in merged.items():
        others = [other for other, its in merged.items() if its == holder]
        parts[name] = lines_binding(sources[holder], names[name])
        if holder in names:
            foreign = frozenset().union(*(names[other] for other in others)) - names[holder]
            parts[holder] = lines_binding(sources[holder], foreign, without=True)
    return parts


def _added_after(match: Match) -> dict[str, list[Cell]]:
    heads = {cell.position for cells in match.chosen.values() for cell in cells}
    added: dict[str, list[Cell]] = {}
    anchor = ""
    for cell in match.cells:
        if cell.position in heads and cell.position in match.claimed:
            anchor = match.claimed[cell.position]
        elif cell.position not in match.claimed and cell.code and cell.source.strip():
            # The id is ours: a student's could pretend to be a released cell's.
            added.setdefault(anchor, []).append(
                Cell(f"added-{cell.position}", "added", cell.source, None, cell.position)
            )
    return added


def _note_whole(match: Match, notebook: Notebook, form: ReleasedForm, nothing_found: bool) -> None:
    """Notes about the notebook as a whole: another assignment's, reordered, test cells deleted."""
    if _claimed_assignment(notebook) not in ("", form.assignment):
        match.note(0, "other_assignment", assignment=form.assignment)
    if nothing_found:
        match.note(0, "nothing_found")
        return
    tests = (released.id for released in form.cells if released.role == "grade")
    deleted = tuple(name for name in tests if name not in match.chosen)
    if deleted:
        match.note(0, "tests_deleted", ids=deleted)
    own = [cell.id for cell in form.cells if cell.id in match.chosen and cell.id not in match.merged]
    order = [match.chosen[name][0].position for name in own]
    for before, after in itertools.pairwise(order):
        if after < before:
            match.note(0, "order_restored", cell=after, before=before)
            return


def _claimed_assignment(notebook: Notebook) -> str:
    """The assignment that the release wrote into the notebook, "" where that is gone."""
    own = notebook["metadata"].get("nbjudge")
    claimed = own.get("assignment") if isinstance(own, dict) else None
    return claimed if isinstance(claimed, str) else ""


def _is_this_one(match: Match, form: ReleasedForm) -> bool:
    """Whether anything of this assignment was found that others can't have too, as they may have its imports."""
    automatic = any(released.role == "solution" for released in form.cells)
    own = ("solution", "grade") if automatic else ("manual",)
    return any(released.id in match.chosen for released in form.cells if released.role in own)


def _gathered(match: Match) -> list[tuple[int, Note]]:
    """The notes; one in place of many that all say that an id or nbgrader's metadata are gone."""
    notes = match.notes
    for kind, together in GATHERED.items():
        ids = tuple(str(note.values["id"]) for _, note in notes if note.kind == kind)
        if len(ids) > FEW and (match.ids_lost or kind != "found_by_names"):
            notes = [placed for placed in notes if placed[1].kind != kind]
            notes.append((0, Note(together, {"ids": ids, "n": len(ids)})))
    return notes


def _in_order(notes: Sequence[tuple[int, Note]]) -> tuple[Note, ...]:
    ordered = [note for _, note in sorted(notes, key=lambda placed: placed[0])]
    if len(ordered) > MAX_REPAIRS:
        more = len(ordered) - MAX_REPAIRS
        return (*ordered[:MAX_REPAIRS], Note("more_repairs", {"n": more}))
    return tuple(ordered)


def _language(notebook: Notebook, form: ReleasedForm) -> Language:
    """What the release wrote into the notebook, else whose texts are in it, else whose letters."""
    own = notebook["metadata"].get("nbjudge")
    named = own.get("language") if isinstance(own, dict) else None
    for language in form.texts:
        if language == named:
            return language
    texts = [cell for cell in notebook["cells"] if cell["cell_type"] != "code"]
    seen = {normalise(cell["source"]) for cell in texts} | {cell_id(cell) for cell in texts}
    counts = {language: len(known & seen) for language, known in form.texts.items()}
    best = max(counts, key=lambda language: counts[language])
    if counts[best]:
        return best
    prose = "".join(cell["source"][:10_000] for cell in texts)[:MAX_PROSE]
    return _by_letters(prose, form)


def _by_letters(prose: str, form: ReleasedForm) -> Language:
    """The language in whose released texts the letters of `prose` are the likeliest; the first if nothing tells."""
    written = _letters([prose])
    known = {language: _letters(texts) for language, texts in form.texts.items()}
    alphabet = set().union(*known.values()) & written.keys()
    scores = dict.fromkeys(known, 0.0)
    for language, letters in known.items():
        total = letters.total() + len(alphabet)  # one more of each, since a released text may lack a letter
        scores[language] = sum(
            written[letter] * math.log((letters[letter] + 1) / total) for letter in alphabet
        )
    return max(scores, key=lambda language: scores[language])


def _letters(texts: Iterable[str]) -> Counter[str]:
    return Counter(letter for text in texts for letter in text.casefold() if letter.isalpha())


def _is_unchanged(released: ReleasedCell, cells: Sequence[StudentCell] | None) -> bool:
    return bool(cells) and all(is_stub(released, cell) for cell in cells or ())
