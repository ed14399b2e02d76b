"""The notebook for gradebook/autograded/: what the student wrote, as formgrader shows it to a TA. Pure.

It holds nothing that the student may not see, because `nbgrader generate_feedback` makes a page of it.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nbjudge.feedback.outputs import clean_outputs, ends, stream
from nbjudge.feedback.sanitise import clean_markdown, code, visible
from nbjudge.feedback.shown import ShownTest, said_once, show
from nbjudge.feedback.terminal import as_on_screen
from nbjudge.languages import Words, words
from nbjudge.model import CellReport, ExerciseScore, Result, Score
from nbjudge.notebooks.cells import SKIP_TAG, Notebook, NotebookCell, cell_id, grade_id, normalise, role, tags
from nbjudge.notes import Note

MAX_ADDED = 100_000  # characters of cells of the student's own
MAX_ANSWER = 20  # cells of one answer that are shown


def annotate_notebook(
    released: Notebook, submitted: Notebook | None, result: Result, score: Score, lost: Note | None = None
) -> Notebook:
    """The release's cells with the student's answers, the outcome of the tests and the saved plots in them.

    `released` is the release in the student's language; `submitted` is None if the file was rejected, or can't be
    shown. `lost` says why something of it can't. ValueError if the result speaks of cells that the notebook does not
    have.
    """
    theirs = submitted["cells"] if submitted is not None else []
    found = result.found if submitted is not None or lost is None else {}
    if any(not 0 < position <= len(theirs) for positions in found.values() for position in positions):
        raise ValueError("the result is of another notebook: a cell that it names is not there")
    added = _added(released, theirs, found, words(result.language))
    cells = [_summary(result, score, lost), *added.get(0, [])]
    for cell in released["cells"]:
        positions = found.get(_slot(cell), ())
        if role(cell) == "manual":
            cells += _annotate_answer(cell, {n: theirs[n - 1] for n in positions}, words(result.language))
        else:
            cells.append(_annotate(cell, [theirs[n - 1] for n in positions], result, score))
        for position in positions:
            cells += added.pop(position, [])
    metadata = {
        **released["metadata"],
        "nbjudge": {"assignment": result.assignment, "language": result.language},
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def without_pictures(notebook: Notebook) -> Notebook:
    """The notebook without saved outputs and attachments: what is left is text."""
    cells = [
        {**cell, "outputs": []} if cell["cell_type"] == "code" else {**cell, "attachments": {}}
        for cell in notebook["cells"]
    ]
    return {**notebook, "cells": cells}


def _slot(cell: NotebookCell) -> str:
    return (grade_id(cell) if role(cell) != "given" else None) or str(cell_id(cell))


def _annotate(
    cell: NotebookCell, theirs: Sequence[NotebookCell], result: Result, score: Score
) -> NotebookCell:
    cell, kind = {**cell}, role(cell)
    if kind == "solution" and theirs:
        cell["source"] = code("\n\n".join(own["source"] for own in theirs), words(result.language))
    if cell["cell_type"] == "code":
        cell["execution_count"] = None
        cell["outputs"] = []
        if SKIP_TAG in tags(cell):
            cell["outputs"] = _outputs(theirs, words(result.language))
        elif kind == "grade":
            cell["outputs"] = [stream(_outcomes(_slot(cell), result, score))]
        else:
            cell["outputs"] = _trouble(_slot(cell), result.cells, words(result.language))
    return cell


def _annotate_answer(
    cell: NotebookCell, theirs: Mapping[int, NotebookCell], say: Words
) -> Iterator[NotebookCell]:
    """The cell of a manual exercise with the student's cells of its type in it; those of the other type follow."""
    is_code = cell["cell_type"] == "code"
    shown = dict(ends(list(theirs.items()), MAX_ANSWER))
    alike = [own for own in shown.values() if (own["cell_type"] == "code") == is_code]
    if is_code:
        cell = {**cell, "execution_count": None, "outputs": _outputs(alike, say)}
    if alike and is_code:
        cell = {**cell, "source": code("\n\n".join(own["source"] for own in alike), say)}
    elif alike:
        # Each for itself: two cells may call their pictures alike, and one may leave a fence open.
        parts = [clean_markdown(own["source"], own.get("attachments"), say) for own in alike]
        cell = {**cell, "source": "\n\n".join(parts), "attachments": {}}
    if len(shown) < len(theirs):
        left = say.counted("cells_left_out", len(theirs) - len(shown))
        yield {"id": f"added-{min(theirs)}-left-out", "cell_type": "markdown", "metadata": {}, "source": left}
    yield cell
    for position, own in shown.items():
        if (own["cell_type"] == "code") != is_code:
            outputs = {} if is_code else {"outputs": _outputs([own], say)}
            name = f"added-{position}-{grade_id(cell)}"[:64]  # it may be shown under another exercise too
            yield _own_cell(own, position, say) | outputs | {"id": name}


def _outputs(cells: Sequence[NotebookCell], say: Words) -> list[dict[str, Any]]:
    return [output for own in cells for output in clean_outputs(own.get("outputs"), say)]


def _added(
    released: Notebook, theirs: Sequence[NotebookCell], found: Mapping[str, Sequence[int]], say: Words
) -> dict[int, list[NotebookCell]]:
    """The student's own cells, by the position of the released cell that they stand behind; 0: at the top."""
    claimed = {position for positions in found.values() for position in positions}
    ids = {cell_id(cell) for cell in released["cells"]}
    texts = {normalise(cell["source"]) for cell in released["cells"]} | {""}
    added: dict[int, list[NotebookCell]] = {}
    behind, size = 0, 0
    for position, cell in enumerate(theirs, 1):
        if position in claimed:
            behind = position
        elif cell_id(cell) not in ids and normalise(cell["source"]) not in texts and size < MAX_ADDED:
            added.setdefault(behind, []).append(_own_cell(cell, position, say))
            size += len(cell["source"])
    return added


def _own_cell(cell: NotebookCell, position: int, say: Words) -> NotebookCell:
    own: NotebookCell = {"id": f"added-{position}", "metadata": {}, "cell_type": cell["cell_type"]}
    if cell["cell_type"] == "code":
        return own | {"source": code(cell["source"], say), "outputs": [], "execution_count": None}
    source = clean_markdown(cell["source"], cell.get("attachments"), say)
    return own | {"cell_type": "markdown", "source": source}


def _outcomes(exercise: str, result: Result, score: Score) -> str:
    say = words(result.language)
    part = next((part for part in score.exercises if part.exercise == exercise), None)
    if part is None:
        return ""
    tests = [test for test in result.tests if test.exercise == exercise]
    shown = said_once([show(test, part, tests, say) for test in tests], say)
    return "\n".join([_points(part, say), *(_lines(test, say) for test in shown)]) + "\n"


def _points(part: ExerciseScore, say: Words) -> str:
    got = say("not_graded") if part.score is None else say.number(part.score)
    return f"{part.exercise}: {got} / {say.number(part.points)}"


def _lines(test: ShownTest, say: Words) -> str:
    points = f", {test.points}" if test.points else ""
    first = f"- {test.title} [{say.outcome(test.outcome)}{points}]"
    call = f"{say('called_with')}:\n{test.call}" if test.call else ""
    details = [line for text in (test.message, test.trace, call, *test.credits) for line in text.splitlines()]
    return "\n".join([first, *(f"    {line}" for line in details)])


def _trouble(cell: str, reports: Sequence[CellReport], say: Words) -> list[dict[str, Any]]:
    bad = [report for report in reports if report.id == cell and report.status not in ("ok", "skipped")]
    return [
        stream("\n".join([*_said(report, say), *(f"- {say.message(note)}" for note in report.notes), ""]))
        for report in bad
    ]


def _said(report: CellReport, say: Words) -> tuple[str, str]:
    return f"{say.outcome(report.status)}: {as_on_screen(say.message(report.message))}", say.trace(
        report.trace
    )


def _summary(result: Result, score: Score, lost: Note | None) -> NotebookCell:
    """A first cell for the TA: the total, and what was odd about the file."""
    say = words(result.language)
    lines = [say("rejected", reason=visible(say.message(result.rejected)))] if result.rejected else []
    lines += [
        visible(say.message(note)) for note in (*([lost] if lost else []), *result.repairs, *result.reaches)
    ]
    lines += [f"{say('missing')}: {', '.join(result.missing)}"] if result.missing else []
    if result.environment.get("isolation") == "none":
        lines.append(say("no_isolation"))
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    # Without the late penalty: an extension would make it untrue, and the notebook stays as it is.
    total = f"nbjudge: {say.number(score.score)} / {say.number(score.points)}"
    source = f"<p><b>{total}</b></p><ul>{items}</ul>".replace("\n", " ").replace("$", "&#36;")
    return {"id": "nbjudge-summary", "cell_type": "markdown", "metadata": {}, "source": source}
