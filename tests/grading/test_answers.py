"""Answers that people grade, wherever a student wrote them: found, shown, and never zero without a person."""

from __future__ import annotations

import copy
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import small_course as small
from support.cells import cell, fill, grade_cell, manual_cell, notebook, solution_cell, text_cell

from nbjudge.feedback import annotate_notebook
from nbjudge.grading.repair import repair
from nbjudge.model import Assignment, Exercise, Program
from nbjudge.notebooks.cells import Notebook, NotebookCell
from nbjudge.notebooks.released_form import make_released_form
from nbjudge.scoring import score

STUB = "YOUR ANSWER HERE"
QUESTION = "### Questions\n\n1. Why?\n2. What for?\n3. And then?"
EXERCISES = tuple(
    Exercise(name, 1, name != "square", (name if name != "square" else "square_f",))
    for name in ("square", "plots", "report", "essay")
)


def released() -> Notebook:
    """One exercise with a test, then a plot and two answers that a person grades."""
    cells = [
        text_cell("intro", "# Lab"),
        solution_cell("square_f", "# YOUR CODE HERE", "c-square"),
        grade_cell("square", "assert square(2) == 4"),
        text_cell("plots-text", "### Plot\n\nDraw the loss."),
        manual_cell("plots", "# PLOT HERE", 1, "code"),
        text_cell("report-text", QUESTION),
        manual_cell("report", STUB),
        text_cell("essay-text", "### Essay\n\nSay what you think."),
        manual_cell("essay", STUB),
    ]
    return notebook(cells, nbjudge={"assignment": "lab", "language": "en"})


FORM = make_released_form("lab", {"en": released()}, released())


@cache
def _lab() -> Assignment:
    with tempfile.TemporaryDirectory() as folder:
        return small.make_course(Path(folder), empty=True).assignments["lab"]


class Handed:
    """A notebook as handed in; by default everything is answered but what a test leaves alone."""

    def __init__(self, **answers: str) -> None:
        own = {"square_f": "def square(x): return x * x", "plots": "plot()", "report": "R.", "essay": "E."}
        self.nb = fill(released(), {name: text for name, text in {**own, **answers}.items() if text})

    def at(self, name: str) -> int:
        return next(n for n, each in enumerate(self.nb["cells"]) if each.get("id") == name)

    def __getitem__(self, name: str) -> NotebookCell:
        return self.nb["cells"][self.at(name)]  # type: ignore[no-any-return]

    def after(self, name: str, *cells: NotebookCell) -> Handed:
        self.nb["cells"][self.at(name) + 1 : self.at(name) + 1] = cells
        return self

    def bare(self, name: str) -> Handed:
        self[name]["metadata"] = {}
        del self[name]["id"]
        return self

    def drop(self, name: str) -> Handed:
        del self.nb["cells"][self.at(name)]
        return self


def text(source: str, id_: str = "mine") -> NotebookCell:
    return cell(id_, source, "markdown")


def points(nb: Notebook) -> tuple[dict[str, float | None], list[NotebookCell], Program]:
    """What each exercise gets, what the person who grades sees, and the program."""
    program = repair(nb, FORM)
    result = small.make_result(
        missing=program.missing, unchanged=program.unchanged, found=program.found, repairs=program.repairs
    )
    total = score(_lab(), EXERCISES, result)
    shown = annotate_notebook(released(), nb, result, total)["cells"]
    import nbformat

    nbformat.validate({"cells": copy.deepcopy(shown), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert len({each["id"] for each in shown}) == len(shown)
    return {part.exercise: part.score for part in total.exercises}, shown, program


def under(shown: list[NotebookCell], name: str) -> str:
    """What stands from this released cell to the next one, outputs included."""
    ids = [str(each["id"]) for each in shown]
    start = ids.index(f"c-{name}")
    end = next((n for n in range(start + 1, len(ids)) if not ids[n].startswith("added-")), len(ids))
    return "\n".join(str(each["source"]) + str(each.get("outputs", "")) for each in shown[start:end])


def kinds(program: Program) -> list[str]:
    return [note.kind for note in program.repairs]


UNTOUCHED = {"report": ""}
PLACES: dict[str, Handed] = {
    "a new cell below the stub": Handed(**UNTOUCHED).after("c-report", text("MY-WORDS")),
    "a new cell above the stub": Handed(**UNTOUCHED).after("report-text", text("MY-WORDS")),
    "a code cell below the stub": Handed(**UNTOUCHED).after("c-report", cell("mine", "# MY-WORDS")),
    "a raw cell below the stub": Handed(**UNTOUCHED).after("c-report", cell("mine", "MY-WORDS", "raw")),
    "two cells below the stub": Handed(**UNTOUCHED).after("c-report", text("so"), text("MY-WORDS", "more")),
    "instead of the stub": Handed(**UNTOUCHED).after("c-report", text("MY-WORDS")).drop("c-report"),
    "instead of the stub and below it": (
        Handed(**UNTOUCHED).after("c-report", text("so"), text("MY-WORDS", "more")).drop("c-report")
    ),
    "a cell that lost its metadata": Handed(report="MY-WORDS").bare("c-report"),
    "a cell that quotes the question": (Handed(report=f"{QUESTION}\n\nMY-WORDS").bare("c-report")),
}


def asked(handed: Handed, old: str, new: str, lost: bool) -> Handed:
    handed["report-text"]["source"] = handed["report-text"]["source"].replace(old, new)
    return handed.bare("report-text") if lost else handed


for lost in (False, True):
    PLACES |= {
        f"between the questions, id lost: {lost}": asked(Handed(**UNTOUCHED), "?\n2", "?\nMY-WORDS\n2", lost),
        f"below the questions, id lost: {lost}": asked(Handed(**UNTOUCHED), "then?", "then?\n\nMY-WORDS", lost),
        f"under edited text, id lost: {lost}": asked(Handed(report="MY-WORDS").bare("c-report"), "Why", "How", lost),
    }  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_an_answer_waits_for_a_person_who_sees_it(place: str) -> None:
    handed = copy.deepcopy(PLACES[place].nb)
    got, shown, program = points(handed)
    assert got == {"square": None, "plots": None, "report": None, "essay": None} | {"square": got["square"]}
    assert "MY-WORDS" in under(shown, "report")
    assert "MY-WORDS" not in under(shown, "essay")
    assert {"found_by_place", "answer_beside", "answer_in_question"} & {*kinds(program)}
    assert "MY-WORDS" not in str(program.repairs)


def test_nothing_at_all_is_zero_without_a_person() -> None:
    got, _, program = points(Handed(report="", plots="").nb)
    assert (got["plots"], got["report"], got["essay"]) == (0, 0, None)
    assert program.repairs == ()
    got, _, program = points(Handed().drop("c-report").nb)
    assert (got["report"], program.missing) == (0, ("report",))


def test_blank_cells_and_copies_of_the_stub_are_nothing() -> None:
    handed = Handed(**UNTOUCHED).after("c-report", text(" \n"), text(STUB, "again"))
    assert points(handed.nb)[0]["report"] == 0


def test_a_cell_before_the_question_belongs_to_the_exercise_before_it() -> None:
    handed = Handed(plots="", report="").after("c-square-grade", cell("mine", "print(square(3))"))
    got, _, program = points(handed.nb)
    assert (got["plots"], got["report"]) == (0, 0)
    assert [each.id for each in program.cells] == ["square_f", "added-4"]


def test_both_halves_of_a_split_answer_are_shown_with_their_pictures() -> None:
    handed = Handed(report="first ![a](attachment:image.png)\n\n```\nleft open")
    handed["c-report"]["attachments"] = {"image.png": {"image/png": small.PNG}}
    other = copy.deepcopy(handed["c-report"]) | {"id": "half", "source": "second ![b](attachment:image.png)"}
    gif = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    other["attachments"] = {"image.png": {"image/gif": gif}}
    got, shown, program = points(handed.after("c-report", other).nb)
    source = under(shown, "report")
    assert got["report"] is None
    assert small.PNG in source and gif in source
    assert source.index("first") < source.index("left open") < source.index("second")
    assert "<p>second" in source  # not in the fence
    assert kinds(program) == ["parts_joined"]


def test_an_answer_that_goes_on_below_its_cell_is_shown_with_its_outputs() -> None:
    more = cell("mine", "plot_more()")
    more["outputs"] = [{"output_type": "display_data", "data": {"image/png": small.PNG}, "metadata": {}}]
    _, shown, program = points(Handed().after("c-plots", more, text("as one sees", "note")).nb)
    assert small.PNG in under(shown, "plots")
    assert "plot_more()" in under(shown, "plots") and "as one sees" in under(shown, "plots")
    assert program.repairs == ()
    assert [each.id for each in program.cells] == ["square_f", "added-6"]  # it may define something


def test_a_plot_below_the_untouched_stub_waits_and_runs_as_an_added_cell() -> None:
    mine = cell("mine", "width = 3\nplot()")
    mine["outputs"] = [{"output_type": "display_data", "data": {"image/png": small.PNG}, "metadata": {}}]
    got, shown, program = points(Handed(plots="").after("c-plots", mine).nb)
    assert got["plots"] is None
    assert small.PNG in under(shown, "plots")
    assert [each.id for each in program.cells] == ["square_f", "added-6"]


def test_an_answer_turned_into_code_is_shown_as_it_is() -> None:
    handed = Handed(report="x = 1 # why")
    handed["c-report"].update({"cell_type": "code", "outputs": [], "execution_count": 3})
    got, shown, program = points(handed.nb)
    assert got["report"] is None
    assert "x = 1 # why" in under(shown, "report")
    assert [each.id for each in program.cells] == ["square_f"]


def test_two_answers_merged_into_one_cell_wait_both() -> None:
    handed = Handed(report=f"R.\n\n{released()['cells'][7]['source']}\n\nMY-ESSAY")
    handed.drop("c-essay").drop("essay-text")
    got, shown, _ = points(handed.nb)
    assert (got["report"], got["essay"]) == (None, None)
    assert "MY-ESSAY" in under(shown, "essay")


def test_two_lost_answers_in_one_place_are_shown_under_both() -> None:
    handed = Handed(report="MY-REPORT", essay="MY-ESSAY").drop("report-text").drop("essay-text")
    got, shown, _ = points(handed.bare("c-report").bare("c-essay").nb)
    assert (got["report"], got["essay"]) == (None, None)
    assert "MY-REPORT" in under(shown, "report") and "MY-ESSAY" in under(shown, "essay")


def test_a_stub_without_ids_belongs_to_the_text_above_it() -> None:
    handed = Handed(report="MY-REPORT", essay="").bare("c-report").bare("c-essay")
    got, shown, _ = points(handed.nb)
    assert (got["report"], got["essay"]) == (None, 0)
    assert "MY-REPORT" in under(shown, "report")


def test_many_cells_are_shown_from_both_ends() -> None:
    cells = [text(f"line-{n}-", f"mine{n}") for n in range(60)]
    _, shown, _ = points(Handed(**UNTOUCHED).after("c-report", *cells).nb)
    source = "\n".join(str(each["source"]) for each in shown)
    assert "line-0-" in source and "line-59-" in source
    assert "40 more cells are not shown" in source


words_ = st.sampled_from(
    ["MY-WORDS", STUB, QUESTION, "# PLOT HERE", "", " ", "### Plot", "def square(x): pass"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_nothing_that_a_person_wrote_around_an_answer_is_lost(data: st.DataObject) -> None:
    """Whatever is deleted, stripped and added around it: an answer in its region is seen, or its exercise waits."""
    handed = Handed(report="", essay="", plots="")
    names = ["plots-text", "c-plots", "report-text", "c-report", "essay-text", "c-essay"]
    for name in data.draw(st.lists(st.sampled_from(names), unique=True, max_size=4)):
        data.draw(st.sampled_from([handed.bare, handed.drop]))(name)
    cells: list[dict[str, Any]] = handed.nb["cells"]
    at = data.draw(st.integers(4, len(cells))) if len(cells) > 4 else len(cells)
    kind = data.draw(st.sampled_from(["markdown", "code", "raw"]))
    cells.insert(at, cell("mine", "MY-WORDS", kind))
    for n in range(data.draw(st.integers(0, 2))):
        cells.insert(data.draw(st.integers(3, len(cells))), cell(f"more{n}", data.draw(words_), kind))
    got, shown, _ = points(handed.nb)
    assert any("MY-WORDS" in str(each["source"]) for each in shown)
    assert None in (got["plots"], got["report"], got["essay"])
